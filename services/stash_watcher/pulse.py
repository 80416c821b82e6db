"""What the looks so far say of one kind of rows: how far its changes were seen, and what does not add up; pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from services.stash_watcher.entities import KINDS, Kind
from services.stash_watcher.watermark import Watermark, moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from services.stash_watcher.watermark import Window

Rows = Kind | Literal["marker"]
COUNTED: tuple[Rows, ...] = (*KINDS, "marker")
RECENT = 2_000


@dataclass(slots=True)
class Pulse:
    """One kind: `balance` is how many rows Stash has more than we know, None until a complete listing has told.

    `newest` is the newest updated_at of all rows at the last look, `recent` the rows that it listed, with their times.
    """

    watermark: Watermark = field(default_factory=Watermark)
    newest: str = ""
    balance: int | None = None
    recent: dict[int, str] = field(default_factory=dict)

    def heard(self, newest: str, rows: Sequence[tuple[int, str]], window: Window, *, whole: bool) -> bool:
        """Take in a look; True when something that was there is not, or is older: deleted, or an older database.

        Only a `whole` look, which was not cut off, can tell that a row is missing.
        """
        seen = dict(rows)
        odd = _went_back(self.newest, newest) or any(
            _went_back(raw, seen.get(key, raw)) or (whole and key not in seen and raw >= window.since)
            for key, raw in self.recent.items()
        )
        self.newest = newest
        self.recent = seen if len(seen) <= RECENT else {}
        return odd

    def forget(self) -> None:
        """Take in that another database is followed from here on."""
        self.watermark.mark = self.watermark.settled = self.watermark.told = self.newest = ""
        self.watermark.floor = self.balance = None
        self.recent = {}


def pulses() -> dict[str, Pulse]:
    """Return one for each kind that has a watermark."""
    return {name: Pulse() for name in ("scene", "file", *COUNTED)}


def newest_of(times: Iterable[str]) -> str:
    """Return the first of the times, or an empty text where there is none."""
    return next(iter(times), "")


def _went_back(before: str, after: str) -> bool:
    then, now = moment(before), moment(after)
    return then is not None and (now is None or now < then)
