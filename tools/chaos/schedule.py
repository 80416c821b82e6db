"""From a seed to everything that happens, and when. Pure: the same seed, length and scenes give the same schedule."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tools.chaos import words
from tools.chaos.cast import Cast, Edit, cast_of
from tools.chaos.edits import BEYOND, CALM, WEIGHTS, arrival, script
from tools.chaos.faults import KINDS, Fault, args_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROUND: Final = 60.0
EDITS_A_SECOND: Final = 3.0
PAUSE: Final = (0.6, 2.6)
LATE_EVERY: Final = 20
BASES: Final = ("", "", "", "", "", "summary=fill", "studio=fill,date=fill", "performers=off")


class Round(NamedTuple):
    """One stretch of edits and faults, after which everything is healed and has to come right; times in seconds."""

    lasts: float
    edits: tuple[Edit, ...]
    faults: tuple[Fault, ...]

    def __str__(self) -> str:
        lines = sorted([(one.at, str(one)) for one in self.edits] + [(one.at, str(one)) for one in self.faults])
        return "\n".join(text for _, text in lines)


class Schedule(NamedTuple):
    """A whole run: how the simulated Plex is set and the writer configured, and its rounds."""

    seed: int
    tag_mode: str
    normalise: bool
    fields: str
    rounds: tuple[Round, ...]

    def __str__(self) -> str:
        head = f"seed {self.seed}, tags {self.tag_mode}, normalise {self.normalise}, S2P_FIELDS={self.fields!r}"
        return "\n".join([head, *(f"-- round {n}\n{one}" for n, one in enumerate(self.rounds, 1))])


def is_late(scene: int) -> bool:
    """Tell whether Plex has no file of a scene at the beginning."""
    return scene % LATE_EVERY == 0


def is_asked_for(kind: str, only: str) -> bool:
    """Tell whether a kind of fault is among those that a run is limited to; without any, all are."""
    names = [name for name in only.split(",") if name]
    return not names or any(kind == name or (name[-1] == "." and kind.startswith(name)) for name in names)


def schedule_of(
    seed: int, minutes: float, rows: Sequence[dict[str, Any]], *, beyond: bool = False, only: str = ""
) -> Schedule:
    """Return the schedule for so many minutes over scenes as Stash tells of them.

    `beyond`: with edits, too, that the product does not follow by itself. `only`: no faults but these, where a name
    that ends in a point stands for all that begin so, as in `plex.down,broker.`.
    """
    chance = random.Random(seed)  # noqa: S311 - a script, no secret
    cast = cast_of(rows, is_late)
    count = max(1, round(minutes))
    used: Counter[str] = Counter()
    kinds = WEIGHTS | (BEYOND if beyond else {})
    head = (chance.choice(("add", "replace")), chance.random() < 0.3, chance.choice(BASES))
    rounds = []
    for n in range(count):
        lasts = ROUND * minutes / count
        faults, tied = _faults(chance, cast, lasts, used, minutes=minutes, only=only)
        times = [chance.uniform(0.5, lasts - 1.0) for _ in range(round(EDITS_A_SECOND * lasts))]
        edits = script(chance, cast, times, lasts, kinds)
        scans = _late_scans(chance, cast, lasts) if n == 0 else []
        every = sorted([*edits, *tied, *scans], key=lambda edit: edit.at)
        rounds.append(Round(lasts, tuple(every), tuple(faults)))
    return Schedule(seed, *head, tuple(rounds))


def _faults(
    chance: random.Random, cast: Cast, lasts: float, used: Counter[str], *, minutes: float, only: str
) -> tuple[list[Fault], list[Edit]]:
    """Return faults one after the other, overlapping where they do not share a resource, and their victims' edits."""
    found: list[Fault] = []
    edits: list[Edit] = []
    taken: dict[str, float] = {}
    at = CALM
    while at < lasts - 3.0:
        if kind := _pick(chance, taken, at, used, minutes=minutes, only=only, left=lasts - at):
            facts = KINDS[kind]
            until = min(at + chance.uniform(*facts.lasts), lasts - facts.before)
            victim = cast.pick(chance, at, filed=True) if facts.victim else None
            fault = Fault(round(at, 2), round(until - at, 2), kind, victim or 0, args_of(chance, kind))
            taken |= dict.fromkeys(facts.resources, until + facts.rest)
            used[kind] += 1
            found.append(fault)
            edits += _tied(chance, cast, fault)
        at += chance.uniform(*PAUSE)
    return found, edits


def _pick(
    chance: random.Random,
    taken: dict[str, float],
    at: float,
    used: Counter[str],
    *,
    minutes: float,
    only: str,
    left: float,
) -> str | None:
    """Choose a kind whose resources are free and for which time is left, rather one that was not there yet."""
    free = {
        name: facts.weight / (1 + 4 * used[name])
        for name, facts in KINDS.items()
        if is_asked_for(name, only)
        and (facts.minutes <= minutes or only)
        and facts.before + facts.lasts[0] <= left
        and all(taken.get(one, 0.0) <= at for one in facts.resources)
    }
    return chance.choices(list(free), list(free.values()))[0] if free else None


def _tied(chance: random.Random, cast: Cast, fault: Fault) -> Iterator[Edit]:
    """Edit a fault's victim just after it began, and let everybody else leave the scene alone for a while.

    The edit of a late write is followed by a newer one, which the late one will land on.
    """
    if fault.kind == "broker.older":
        yield from arrival(chance, cast, fault.at + 0.1, within=1.0)
        yield _some_gone(cast.last, words.TAGS[:1], fault.at + fault.lasts + 5.0)
    if not fault.scene:
        return
    cast.busy[fault.scene] = fault.at + fault.lasts + 2.0
    # settings hold once the writer is up again, and what is written under them has to be planned again afterwards
    begun = fault.at + (2.5 if fault.kind == "writer.settings" else 0.05)
    yield Edit(begun, "scene_update", fault.scene, {"fields": fault.args["edit"]})
    if fault.kind == "plex.slow":
        yield Edit(fault.at + 1.3, "scene_update", fault.scene, {"fields": words.described(chance)})
    if fault.kind == "plex.late_commit":
        yield Edit(fault.at + 4.0, "scene_update", fault.scene, {"fields": words.described(chance)})
    if fault.kind == "writer.kill_in_put":
        # what the write added has to be known for ours, or it stays for ever
        yield _some_gone(fault.scene, fault.args["edit"]["tags"][:1], fault.at + fault.lasts + 1.5)


def _some_gone(scene: int, tags: Sequence[str], at: float) -> Edit:
    """Take entries out of a scene in Stash: those of them that we wrote have to go from Plex."""
    return Edit(at, "scene_update", scene, {"fields": {"tags": list(tags), "performers": []}})


def _late_scans(chance: random.Random, cast: Cast, lasts: float) -> Iterator[Edit]:
    """Let Plex find the files that it did not have at the beginning, all but some."""
    for scene, path in cast.files.items():
        if path and is_late(scene) and scene not in cast.in_plex and chance.random() < 0.7:
            yield Edit(chance.uniform(1.0, lasts - 2.0), "plex_scan", scene, {"late": True})
