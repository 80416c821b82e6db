"""No reachable state has a scene's newest content neither in Plex nor pending nor recorded with the reason.

A state machine plays Stash, broker, Plex and people against the product's own decisions; either service is killed
between any two steps. In the end everything is well again for long enough, and nobody compares without a cause.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.plex_writer.plan import Entry
from tests.delivery.model.watcher import Watcher
from tests.delivery.model.world import Broker, Clock, Plex, Stash, Truth
from tests.delivery.model.writer import Writer
from tests.plex_writer.shelf import Shelf

if TYPE_CHECKING:
    from collections.abc import Callable

IDS = st.integers(1, 3)
TAGS = st.frozensets(st.sampled_from(["x", "y"]))
DATES = st.sampled_from(["", "2020-01-01", "2021-01-01"])
WRITES = st.sampled_from(["done", "done", "unanswered", "lost", "late"])
READS = st.sampled_from(["done", "done", "away"])
STEPS = st.integers(0, 40)
LONG = 4 * 86_400.0
PATIENCE = 3_000


class Machine(RuleBasedStateMachine):
    """What only Plex remembers is a person's: of a scene that is gone, and all once the broker forgot it.

    `forgot` when it did so while no writer lived to give it back; `left_behind` are the ids of scenes that went.
    """

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.stash = Stash(self.clock)
        self.broker = Broker()
        self.plex = Plex(self.clock)
        self._watcher: Watcher | None = None
        self._writer: Writer | None = None
        self.hints: dict[int, None] = {}
        self.had: dict[int, str] = {}
        self.shown: dict[int, int] = {}
        self.born = 0
        self.edits = 0
        self.persons: set[int] = set()
        self.dated: dict[int, str] = {}
        self.forgot = False
        self.left_behind: set[int] = set()

    @property
    def watching(self) -> bool:
        """Whether a watcher runs."""
        return self._watcher is not None

    @property
    def writing(self) -> bool:
        """Whether a writer runs."""
        return self._writer is not None

    @property
    def watcher(self) -> Watcher:
        """The watcher that runs."""
        assert self._watcher is not None
        return self._watcher

    @property
    def writer(self) -> Writer:
        """The writer that runs."""
        assert self._writer is not None
        return self._writer

    @initialize()
    def begin(self) -> None:
        for scene_id in (1, 2):
            self.make(scene_id)
            self.plex_scans(scene_id)
        self.start_watcher()
        self.start_writer()
        self.run(60, lambda _: "done")

    # --- Stash and people

    @precondition(lambda self: len(self.stash.scenes) < 3)
    @rule(scene_id=IDS)
    def make(self, scene_id: int) -> None:
        if scene_id not in self.stash.scenes:
            self.born += 1
            self.edits += 1
            self.stash.scenes[scene_id] = Truth(str(self.edits), frozenset("x"), "", f"born {self.born}", self.edits)
            self.hints[scene_id] = None

    @rule(data=st.data(), scene_id=IDS, titled=st.booleans(), tags=TAGS, date=DATES)
    def edit(self, data: st.DataObject, scene_id: int, titled: bool, tags: frozenset[str], date: str) -> None:
        """Edit, and go on for a while: the most usual thing, and what everything else comes in between.

        Titles count up, so that one shows how new it is; without a new one, an edit may undo the one before.
        """
        truth = self.stash.scenes.get(scene_id)
        if truth is not None:
            self.edits += 1
            title = str(self.edits) if titled else truth.title
            self.stash.scenes[scene_id] = Truth(title, tags, date, truth.born, self.edits)
            self.hints[scene_id] = None
            self.run(data.draw(STEPS), data.draw)

    @rule(scene_id=IDS)
    def destroy(self, scene_id: int) -> None:
        if self.stash.scenes.pop(scene_id, None):
            self.left_behind.add(scene_id)
        self.hints[scene_id] = None

    @rule(scene_id=IDS)
    def plex_scans(self, scene_id: int) -> None:
        self.plex.items.setdefault(scene_id, Shelf())

    @precondition(lambda self: not self.writing or not self.writer.jobs)
    @rule(scene_id=IDS)
    def a_person_adds_a_tag(self, scene_id: int) -> None:
        shelf = self.plex.items.get(scene_id)
        if shelf is not None and scene_id not in self.persons and not self.plex.late:
            shelf.lists["tags"] = [*shelf.lists.get("tags", []), Entry("P")]
            shelf.locked.add("tags")
            self.persons.add(scene_id)

    @precondition(lambda self: not self.writing or not self.writer.jobs)
    @rule(scene_id=IDS)
    def a_person_sets_a_date(self, scene_id: int) -> None:
        shelf = self.plex.items.get(scene_id)
        if shelf is not None and not self.plex.late:
            shelf.scalars["date"] = self.dated[scene_id] = "1999-09-09"
            shelf.locked.add("date")

    # --- the watcher

    @precondition(lambda self: not self.watching)
    @rule()
    def start_watcher(self) -> None:
        self.clock.now += 1.0  # an epoch is a time, and no two processes start at the same one
        self._watcher = Watcher(self.broker, self.stash, self.clock)

    @precondition(lambda self: self.watching)
    @rule()
    def kill_watcher(self) -> None:
        self.hints.clear()
        self._watcher = None

    @precondition(lambda self: self.watching and len(self.watcher.answers) < 3)
    @rule(scene_id=IDS)
    def ask_stash(self, scene_id: int) -> None:
        self.watcher.ask(scene_id)

    # --- the broker

    @rule()
    def broker_saves(self) -> None:
        self.broker.save()

    @rule(how=st.sampled_from(["kept", "empty", "older"]))
    def broker_dies_and_comes_back(self, how: str) -> None:
        self.broker.come_back(how)
        if how != "kept" and (not self.writing or self.writer.audit_due):
            self.forgot = True
        if self.watching:
            self.watcher.reconnected()
        if self.writing:
            self.writer.connected()
            self.writer.audit_due = self.writer.compare_due = True

    # --- the writer and Plex

    @precondition(lambda self: not self.writing)
    @rule()
    def start_writer(self) -> None:
        self._writer = Writer(self.broker, self.plex, self.clock)

    @precondition(lambda self: self.writing)
    @rule()
    def kill_writer(self) -> None:
        if self.writer.audit_due:
            self.forgot = True
        self._writer, self.broker.online = None, False

    @rule(data=st.data())
    def one_step_of_either(self, data: st.DataObject) -> None:
        steps = self.steps(data.draw)
        if steps:
            steps[data.draw(st.integers(0, len(steps) - 1))]()

    @rule(data=st.data(), steps=STEPS)
    def both_go_on(self, data: st.DataObject, steps: int) -> None:
        self.run(steps, data.draw)

    @precondition(lambda self: self.plex.late)
    @rule()
    def a_late_write_lands(self) -> None:
        self.plex.land()

    @rule(seconds=st.sampled_from([1.0, 60.0, 130.0, 610.0]))
    def time_passes(self, seconds: float) -> None:
        self.clock.now += seconds
        self.plex.land(all_due_by=self.clock.now)

    # --- what holds

    @invariant()
    def no_value_of_a_persons_is_lost(self) -> None:
        for scene_id in self.persons:
            assert "P" in self.plex.items[scene_id].names("tags")
        for scene_id, date in self.dated.items():
            assert self.plex.items[scene_id].scalars["date"] == date

    @invariant()
    def an_outcome_stays_as_long_as_its_scene(self) -> None:
        """It tells what of Plex is ours, so it may not go because a table in doubt lacks the scene."""
        if self._writer is None or self.forgot:
            self.had.clear()
            return
        for scene_id, truth in self.stash.scenes.items():
            outcome = self.writer.outcome(scene_id)
            assert outcome is not None or self.had.get(scene_id) != truth.born
            if outcome is not None and outcome.born == truth.born:
                self.had[scene_id] = truth.born

    @invariant()
    def plex_never_goes_back_to_an_older_title(self) -> None:
        """But for a write that was late, which nobody can hold back."""
        if self.plex.landed or self.forgot:
            self.shown.clear()
        for scene_id, shelf in self.plex.items.items():
            title = int(shelf.scalars.get("title") or 0)
            assert title >= self.shown.get(scene_id, 0)
            self.shown[scene_id] = title

    @invariant()
    def what_is_not_in_plex_is_pending_or_recorded(self) -> None:
        """For what is on the bus; what Stash has and the bus not is what the watcher's sweeps are for."""
        writer = self._writer
        if writer is None or writer.compare_due or writer.audit_due or self.broker.session:
            return
        for scene_id, row in self.broker.rows("scene").items():
            if scene_id in writer.dirty or scene_id in writer.waiting:
                continue
            outcome = writer.outcome(scene_id)
            assert outcome is not None
            assert outcome.detail or outcome.state in {"synced", "skipped"}, row

    def teardown(self) -> None:
        """Everything is well again, for days; nobody compares but for a cause that the protocol gives."""
        self.become_well()
        for _ in range(PATIENCE):
            if not self.one_good_step():
                break
        else:
            raise AssertionError("it never comes to rest")
        for scene_id, truth in self.stash.scenes.items():
            self.check(scene_id, truth)
        assert self.broker.rows("scene").keys() == self.stash.scenes.keys()
        assert self.forgot or self.broker.rows("outcome").keys() == self.stash.scenes.keys()

    def become_well(self) -> None:
        if not self.watching:
            self.start_watcher()
        if not self.writing:
            self.start_writer()
        self.plex.land(all_due_by=self.clock.now + LONG)
        self.watcher.sweep_due = True

    def steps(self, answer: Callable[[st.SearchStrategy[str]], str]) -> list[Callable[[], object]]:
        """Return what the two services can do now, the most urgent first; `answer` draws how Plex answers."""
        steps: list[tuple[object, Callable[[], object]]] = []
        if self.watching:
            watcher = self.watcher
            steps += [
                (watcher.audit_due, watcher.audit),
                (watcher.answers, watcher.apply),
                (watcher.listing is not None, watcher.end_sweep),
                (watcher.sweep_due, watcher.begin_sweep),
                (self.hints, lambda: watcher.ask(self.hints.popitem()[0])),
                (watcher.backlog, watcher.fetch),
                (watcher.has_news, watcher.tell),
            ]
        if self.writing:
            writer = self.writer
            kind = WRITES if writer.stage == "announced" else READS
            steps += [
                (self.broker.session, writer.deliver),
                (writer.audit_due, writer.audit),
                (writer.compare_due and not writer.audit_due, writer.compare),
                (self.plex.items.keys() - writer.listed, writer.list_library),
                (writer.stage, lambda: writer.go_on(lambda: answer(kind))),
                (writer.has_news, writer.tell),
                (not writer.stage and writer.dirty.take(1, self.clock.now), lambda: writer.take(2)),
            ]
        return [do for wanted, do in steps if wanted]

    def run(self, steps: int, answer: Callable[[st.SearchStrategy[str]], str]) -> None:
        """Let both services take so many steps, or until they rest."""
        for _ in range(steps):
            ready = self.steps(answer)
            if not ready:
                return
            ready[0]()

    def one_good_step(self) -> bool:
        """Do whatever there is to do; False once nothing is, not even in some days."""
        ready = self.steps(lambda _: "done")
        if ready:
            ready[0]()
            return True
        due = self.writer.dirty.next_due()
        if due is None:
            return False
        self.clock.now = max(self.clock.now, due)
        return True

    def check(self, scene_id: int, truth: Truth) -> None:
        shelf, outcome = self.plex.items.get(scene_id), self.writer.outcome(scene_id)
        assert outcome is not None
        if shelf is None:
            assert outcome.state == "waiting"
            return
        assert outcome.state == "synced"
        assert shelf.scalars["title"] == truth.title
        if scene_id in self.plex.landed:
            return  # what a late write left under `fill` and `merge` can't be told from a person's
        shown = set(shelf.names("tags"))
        assert truth.tags <= shown
        if self.forgot or scene_id in self.left_behind:
            return
        assert shown <= truth.tags | {"P"}
        assert scene_id in self.dated or shelf.scalars.get("date", "") == truth.date


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=150, stateful_step_count=50, deadline=None, derandomize=True)
