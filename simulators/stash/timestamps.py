"""Stash's times: RFC 3339 text in the server's own zone, one-second precision, compared as text (source v0.30)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo


def to_text(moment: datetime) -> str:
    """Return `moment` as Go writes RFC 3339: no fraction, `Z` wherever the offset is zero."""
    text = moment.isoformat(timespec="seconds")
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text


def to_moment(text: str) -> datetime:
    """Return a stored time as a moment in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)


def to_unix(text: str) -> int:
    """Return the Unix seconds of a stored time."""
    return int(datetime.fromisoformat(text).timestamp())


class Clock:
    """The server's clock and zone; both can be moved while it runs, and a DST change moves the offset by itself."""

    def __init__(self, zone: str = "UTC", offset_s: float = 0.0) -> None:
        self.zone = ZoneInfo(zone)
        self.offset_s = offset_s

    def moment(self) -> datetime:
        """Return the server's present in UTC."""
        return datetime.now(UTC) + timedelta(seconds=self.offset_s)

    def now(self, ago_s: float = 0.0) -> str:
        """Return the present, or `ago_s` seconds before it, as the text that a row gets."""
        return self.text(self.moment() - timedelta(seconds=ago_s))

    def precise(self) -> str:
        """Return the present as a line of the log has it: with the fraction of a second, unlike any row."""
        return self.moment().astimezone(self.zone).isoformat(timespec="microseconds").replace("+00:00", "Z")

    def now_utc(self) -> str:
        """Return the present in UTC: play and o history is stored so, unlike everything else."""
        return to_text(self.moment())

    def text(self, moment: datetime) -> str:
        """Return a moment as this server stores it."""
        return to_text(moment.astimezone(self.zone))

    def tomorrow(self) -> str:
        """Return the value that Stash takes for a missing `value2`: now plus a day."""
        return self.now(-86400)
