"""The history of Plex being away: begun and ended by the probe alone, never by an item's failure. Pure."""

from __future__ import annotations

import datetime as dt
import itertools

import msgspec

from common.messages import Outage, Outages

KEPT = 30


def begin(history: Outages, at: str, why: str) -> Outages:
    """Note that Plex went away; a second beginning changes nothing."""
    if history.outages and history.outages[-1].until is None:
        return history
    return _summed((*history.outages, Outage(since=at, why=why))[-KEPT:])


def end(history: Outages, at: str) -> Outages:
    """Note that Plex is back; without a beginning nothing changes."""
    if not history.outages or history.outages[-1].until is not None:
        return history
    ended = msgspec.structs.replace(history.outages[-1], until=at)
    return _summed((*history.outages[:-1], ended))


def _summed(outages: tuple[Outage, ...]) -> Outages:
    repairs = [_seconds(outage.since, outage.until) for outage in outages if outage.until is not None]
    gaps = [_seconds(a.until, b.since) for a, b in itertools.pairwise(outages) if a.until is not None]
    return Outages(outages=outages, mttr_s=_mean(repairs), mtbf_s=_mean(gaps))


def _seconds(since: str, until: str) -> float:
    """Return how long that was; nothing where the clock was set back meanwhile."""
    return max(0.0, (dt.datetime.fromisoformat(until) - dt.datetime.fromisoformat(since)).total_seconds())


def _mean(values: list[float]) -> float | None:
    return round(sum(values) / len(values), 3) if values else None
