"""The dirty set: which scenes still have to be looked at, and which is next. Pure; it holds ids, never content.

A scene is dirty from the moment something may have changed until what was read *after* that moment has been handled.
Every mark gets a number of its own, so a mark that arrives while a scene is being handled keeps it dirty.
"""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sized


LIVE_AT_ONCE = 100


class Ticket(NamedTuple):
    """A scene taken for handling; `mark` is given back with `settle`.

    `gone` when its removal was announced. `look` when Plex has to be read even if the scene asks for nothing new.
    """

    scene_id: int
    mark: int
    live: bool
    gone: bool
    look: bool


@dataclass(slots=True)
class _Entry:
    mark: int
    live: bool
    gone: bool
    look: bool
    aside: float | None = None


@dataclass(slots=True)
class Dirty:
    """Scenes to handle: live changes first, each lane in order of arrival, those set aside when their time comes.

    Only the newest `live_limit` live changes count as such; when thousands arrive at once, as after a tag was renamed
    or the writer was away, the older ones become bulk work, so that an edit made meanwhile does not wait behind them.
    Times are seconds of one monotonic clock that the caller passes in. Bounded by the number of scenes.
    """

    live_limit: int = LIVE_AT_ONCE
    _entries: dict[int, _Entry] = field(default_factory=dict)
    _live: dict[int, None] = field(default_factory=dict)
    _bulk: dict[int, None] = field(default_factory=dict)
    _aside: list[tuple[float, int]] = field(default_factory=list)
    _reminders: list[tuple[float, int]] = field(default_factory=list)
    _remind_at: dict[int, float] = field(default_factory=dict)
    _owed: set[int] = field(default_factory=set)
    _marks: Iterator[int] = field(default_factory=itertools.count)

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, scene_id: int) -> bool:
        return scene_id in self._entries

    @property
    def has_live(self) -> bool:
        """Whether a live change waits for its turn."""
        return bool(self._live)

    def mark(self, scene_id: int, *, live: bool, gone: bool = False, look: bool = False) -> None:
        """Note that a scene, or with `look` its item in Plex, may have changed.

        A live mark also ends a time that the scene was set aside for. `gone` tells whether the newest message on its
        topic was its removal, or that a comparison did not find it; a bulk mark knows nothing newer than a live one.
        """
        entry = self._entries.get(scene_id)
        if entry is None:
            look = look or scene_id in self._owed
            self._owed.discard(scene_id)
            entry = self._entries[scene_id] = _Entry(next(self._marks), live, gone, look)
        else:
            entry.mark = next(self._marks)
            entry.gone = gone if live else entry.gone or (gone and not entry.live)
            entry.live = entry.live or live
            entry.look = entry.look or look
        if live or entry.aside is None:
            self._enqueue(scene_id, entry)

    def take(self, limit: int, now: float, *, besides: int | None = None) -> list[Ticket]:
        """Return up to `limit` scenes of one lane, live ones first; they stay dirty until settled.

        The scene `besides` is only returned when there is no other.
        """
        self._wake(now)
        for lane in (self._live, self._bulk):
            chosen = [scene_id for scene_id in itertools.islice(lane, limit + 1) if scene_id != besides][:limit]
            if chosen:
                return [self._ticket(scene_id) for scene_id in chosen]
        return [self._ticket(besides)] if besides in self._live or besides in self._bulk else []

    def settle(self, ticket: Ticket, *, unread: bool = False) -> bool:
        """End a scene's being dirty, unless it was marked again since the ticket was taken; say whether it ended.

        `unread`: the broker had nothing of it that could be handled. What Plex was to be looked at for is done with the
        scene's next mark then, which comes once the scenes' owner has put the broker right. A scene that was marked
        again goes to the end of its lane, or one that keeps changing would keep all others out.
        """
        entry = self._entries.get(ticket.scene_id)
        if entry is None:
            return False
        if entry.mark != ticket.mark:
            self.send_back(ticket.scene_id)
            return False
        self._dequeue(ticket.scene_id)
        del self._entries[ticket.scene_id]
        if unread and ticket.look:
            self._owed.add(ticket.scene_id)
        return True

    def set_aside(self, ticket: Ticket, until: float) -> None:
        """Take a scene out of its lane until then, unless it was marked again since the ticket was taken."""
        entry = self._entries.get(ticket.scene_id)
        if entry is None or entry.mark != ticket.mark:
            return
        self._dequeue(ticket.scene_id)
        entry.live, entry.look, entry.aside = False, True, until
        heapq.heappush(self._aside, (until, ticket.scene_id))
        if len(self._aside) > _room(self._entries):
            found = self._entries.items()
            self._aside = [(entry.aside, scene_id) for scene_id, entry in found if entry.aside is not None]
            heapq.heapify(self._aside)

    def send_back(self, scene_id: int) -> None:
        """Put a scene at the end of its lane, so that another one comes first."""
        entry = self._entries.get(scene_id)
        if entry is not None and entry.aside is None:
            self._dequeue(scene_id)
            self._enqueue(scene_id, entry)

    def recall(self, scene_id: int) -> None:
        """Mark a scene to be looked at, also when it was set aside."""
        self.mark(scene_id, live=False, look=True)
        entry = self._entries[scene_id]
        if entry.aside is not None:
            self._enqueue(scene_id, entry)

    def remind(self, scene_id: int, at: float) -> None:
        """Mark a clean scene at that time, in place of an earlier reminder, so that Plex is looked at again."""
        self._remind_at[scene_id] = at
        heapq.heappush(self._reminders, (at, scene_id))
        if len(self._reminders) > _room(self._remind_at):
            self._reminders = [(due, scene_id) for scene_id, due in self._remind_at.items()]
            heapq.heapify(self._reminders)

    def next_due(self) -> float | None:
        """Return when the next scene comes back that was set aside or is to be looked at again, or None."""
        while self._aside and not self._is_aside(*self._aside[0]):
            heapq.heappop(self._aside)
        while self._reminders and self._remind_at.get(self._reminders[0][1]) != self._reminders[0][0]:
            heapq.heappop(self._reminders)
        return min((heap[0][0] for heap in (self._aside, self._reminders) if heap), default=None)

    def _ticket(self, scene_id: int) -> Ticket:
        entry = self._entries[scene_id]
        return Ticket(scene_id, entry.mark, entry.live, entry.gone, entry.look)

    def _wake(self, now: float) -> None:
        while (due := self.next_due()) is not None and due <= now:
            if self._aside and self._aside[0][0] == due:
                _, scene_id = heapq.heappop(self._aside)
                self._enqueue(scene_id, self._entries[scene_id])
            else:
                _, scene_id = heapq.heappop(self._reminders)
                del self._remind_at[scene_id]
                self.mark(scene_id, live=False, look=True)

    def _is_aside(self, due: float, scene_id: int) -> bool:
        entry = self._entries.get(scene_id)
        return entry is not None and entry.aside == due

    def _enqueue(self, scene_id: int, entry: _Entry) -> None:
        entry.aside = None
        if entry.live:
            self._bulk.pop(scene_id, None)
            self._live.setdefault(scene_id)
            if len(self._live) > self.live_limit:
                self._demote(next(iter(self._live)))
        else:
            self._bulk.setdefault(scene_id)

    def _demote(self, scene_id: int) -> None:
        del self._live[scene_id]
        self._entries[scene_id].live = False
        self._bulk.setdefault(scene_id)

    def _dequeue(self, scene_id: int) -> None:
        self._live.pop(scene_id, None)
        self._bulk.pop(scene_id, None)


def _room(rows: Sized) -> int:
    """Return how long the heap of some rows may grow, outdated entries included, before these are thrown out."""
    return 2 * len(rows) + 64
