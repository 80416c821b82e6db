"""Which unmatched reports stand on the broker, and when one is due; at most 10,000. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from common.item import short_hash

if TYPE_CHECKING:
    from collections.abc import Iterable

    from common.messages import Unmatched

LIMIT: Final = 10_000
PAUSE: Final = 60.0


class _Told(NamedTuple):
    file: str
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

    @property
    def files(self) -> list[tuple[str, str]]:
        """Every report's topic and file."""
        return [(leaf, told.file) for leaf, told in self._told.items()]

    def adopt(self, leaf: str, report: Unmatched) -> None:
        """Take over a report that stands on the broker; beyond the limit it is left to its expiry."""
        if len(self._told) < self._limit:
            self._told.setdefault(leaf, _Told(report.file, report.count, 0.0))

    def forget(self, leaf: str) -> None:
        """Know that a report stands on the broker no more."""
        self._told.pop(leaf, None)

    def note(self, key: str, report: Unmatched, *, clock: float) -> dict[str, Unmatched | None]:
        """Count that Plex asked for a file that got no scene; return what to publish by topic, None to remove one."""
        leaf = leaf_of(key)
        told = self._told.pop(leaf, _Told(report.file, 0, clock))
        times = told.times + 1
        is_due = clock >= told.due
        self._told[leaf] = _Told(report.file, times, clock + self._pause if is_due else told.due)
        gone: dict[str, Unmatched | None] = {}
        while len(self._told) > self._limit:
            oldest = next(iter(self._told))
            del self._told[oldest]
            gone[oldest] = None
        return {**gone, leaf: msgspec.structs.replace(report, count=times)} if is_due else gone

    def standing(self, keys: Iterable[str]) -> list[tuple[str, str]]:
        """Return topic and file of the reports about these paths."""
        return [(leaf, self._told[leaf].file) for leaf in map(leaf_of, keys) if leaf in self._told]

    def settle(self, leaves: Iterable[str]) -> dict[str, Unmatched | None]:
        """Forget files that have a scene after all; return what to publish, as `note` does."""
        return dict.fromkeys(leaf for leaf in leaves if self._told.pop(leaf, None))
