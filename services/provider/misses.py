"""Which unmatched reports stand on the broker, and when one is due; at most 10,000. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from common.item import short_hash
from common.messages import Unmatched

if TYPE_CHECKING:
    from collections.abc import Iterable

LIMIT: Final = 10_000
PAUSE: Final = 60.0


class _Told(NamedTuple):
    times: int
    due: float


def leaf_of(key: str) -> str:
    """Return the last level of a report's topic; `key` is the file's path in the form that look-ups use."""
    return short_hash(key.encode())


class Misses:
    """The reports by topic, the one not asked for longest first; `clock` arguments are seconds of one clock."""

    def __init__(self, *, limit: int = LIMIT, pause: float = PAUSE) -> None:
        self._limit = limit
        self._pause = pause
        self._told: dict[str, _Told] = {}

    def __len__(self) -> int:
        return len(self._told)

    def adopt(self, leaf: str, report: Unmatched) -> None:
        """Take over a report that stands on the broker; beyond the limit it is left to its expiry."""
        if len(self._told) < self._limit:
            self._told.setdefault(leaf, _Told(report.count, 0.0))

    def forget(self, leaf: str) -> None:
        """Know that a report stands on the broker no more."""
        self._told.pop(leaf, None)

    def note(self, key: str, file: str, *, at: str, clock: float) -> dict[str, Unmatched | None]:
        """Count that Plex asked for a file no scene has; return what to publish by topic, None to remove a report."""
        leaf = leaf_of(key)
        told = self._told.pop(leaf, _Told(0, clock))
        times = told.times + 1
        is_due = clock >= told.due
        self._told[leaf] = _Told(times, clock + self._pause if is_due else told.due)
        gone: dict[str, Unmatched | None] = {}
        while len(self._told) > self._limit:
            oldest = next(iter(self._told))
            del self._told[oldest]
            gone[oldest] = None
        return {**gone, leaf: Unmatched(file=file, at=at, count=times)} if is_due else gone

    def settle(self, keys: Iterable[str]) -> dict[str, Unmatched | None]:
        """Forget files that have a scene after all; return what to publish, as `note` does."""
        if not self._told:
            return {}
        found = [leaf for leaf in map(leaf_of, keys) if self._told.pop(leaf, None)]
        return dict.fromkeys(found)
