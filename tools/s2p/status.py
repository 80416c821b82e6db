"""`s2p status`: one screen that says whether all is well, what is left to do, and what needs somebody."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from common import messages
from common.errors import Undecodable
from common.messages import Outcome
from common.topics import Topics
from tools.s2p.bus import name_of
from tools.s2p.judge import problems
from tools.s2p.out import escape, plain
from tools.s2p.snapshot import take
from tools.s2p.trouble import NOT_WELL
from tools.s2p.words import ago, count, duration, since

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator, Sequence

    from common.messages import Outages, ServiceState, WriterStats
    from tools.s2p.bus import Bus
    from tools.s2p.out import Out
    from tools.s2p.snapshot import Provider, Snapshot, Watcher, Writer

LOOKED_AT = 20_000


async def status(bus: Bus, out: Out, options: Namespace) -> int:
    """Print the screen; 1 when something needs somebody."""
    snapshot = await take(bus)
    found = problems(snapshot)
    oldest = {name: await _oldest(bus, name, writer.stats) for name, writer in snapshot.plex.items()}
    now = dt.datetime.now(dt.UTC)
    out.data(
        {
            "broker": name_of(bus.mqtt),
            "base": bus.mqtt.base,
            **plain(snapshot),
            "oldest_waiting": {name: plain(outcome) for name, outcome in oldest.items()},
            "problems": found,
        }
    )
    for line in _screen(bus, snapshot, oldest, now):
        out.line(line)
    if options.outages:
        for name, writer in snapshot.plex.items():
            for line in outage_lines(name, writer.outages, now):
                out.line(line)
    _verdict(out, found)
    return NOT_WELL if found else 0


def _verdict(out: Out, found: Sequence[str]) -> None:
    out.line()
    if not found:
        out.line("[green]All is well.[/]")
    for sentence in found:
        out.line(f"[bold red]![/] {escape(sentence)}")


def _screen(bus: Bus, snapshot: Snapshot, oldest: dict[str, Outcome | None], now: dt.datetime) -> Iterator[str]:
    yield f"[bold]{escape(bus.mqtt.base)}[/] on {escape(name_of(bus.mqtt))}"
    yield from _watcher(snapshot.stash, now)
    for name, writer in snapshot.plex.items():
        yield from _writer(name, writer, oldest.get(name), now)
    yield from _provider(snapshot.provider)


def _watcher(watcher: Watcher, now: dt.datetime) -> Iterator[str]:
    state, info, stats = watcher.state, watcher.info, watcher.stats
    condition = f"{coloured(state.stash)} {since(state.stash_since, now)}" if state else coloured("unknown")
    version = f" · {escape(info.version)}" if info and info.version else ""
    yield _row("Stash", f"{condition}{version} · watcher {_liveness(state, now)}")
    if stats is not None:
        changed = f"last change {ago(stats.last_change, now)}"
        yield _row("", f"{count(stats.scenes, 'scene')} · {changed}{f' · held {stats.held}' if stats.held else ''}")
        if stats.task:
            left = f", {duration(stats.seconds_left)} left" if stats.seconds_left is not None else ""
            yield _row(
                "",
                f"{escape(stats.task)}: {count(stats.done)} of {count(stats.total)}, {stats.rate:.0f} scenes/s{left}",
            )


def _writer(name: str, writer: Writer, oldest: Outcome | None, now: dt.datetime) -> Iterator[str]:
    state, info, stats = writer.state, writer.info, writer.stats
    condition = f"{coloured(state.plex)} {since(state.plex_since, now)}" if state else coloured("unknown")
    server = f" · {escape(info.server)} {escape(info.version)}" if info and info.server else ""
    label = "Plex" if name == "plex" else f"Plex {name}"
    yield _row(label, f"{condition}{server} · writer {_liveness(state, now)}")
    if state is not None and state.paused:
        yield _row("", f"[yellow]paused {since(state.paused, now)}[/]; s2p resume goes on")
    for library in info.libraries if info else ():
        yield _row("", f"{escape(library.title)}: {count(library.items, 'item')}")
    if stats is not None:
        yield _row(
            "", f"[bold]pending {count(stats.pending)}[/] · {stats.rate:.1f} scenes/s · {_last_sync(stats, now)}"
        )
        if stats.review is not None:
            fields = ", ".join(f"{each} {count(number)}" for each, number in sorted(stats.review.fields.items()))
            planned = f"review: {count(stats.review.scenes, 'scene')} planned, nothing written"
            yield _row("", f"[yellow]{planned}[/]; {escape(fields or 'no change')}; s2p start writes")
        parts = [f"{each} {count(getattr(stats, each))}" for each in ("synced", "skipped", "failed", "ambiguous")]
        yield _row("", " · ".join([*parts, f"images due {count(stats.images_due)}"]))
        longest = f", the oldest scene {oldest.id}: {escape(oldest.detail)}" if oldest else ""
        yield _row("", f"waiting {count(stats.waiting)}{longest}")


def _provider(provider: Provider) -> Iterator[str]:
    state, stats = provider.state, provider.stats
    if state is None:
        yield _row("Provider", "not in use")
        return
    ready = "ready" if state.ready and state.state == "online" else "not ready"
    yield _row("Provider", f"{coloured(state.state)} · {ready} · {count(provider.unmatched, 'file')} unmatched")
    if stats is not None:
        answers = f"{count(stats.matches)} matched, {count(stats.misses)} missed"
        yield _row("", f"{count(stats.scenes, 'scene')} · {answers} · p99 {stats.p99_ms:.0f} ms")


def outage_lines(name: str, history: Outages | None, now: dt.datetime) -> Iterator[str]:
    """Yield when this Plex server was away, the last first, with the mean times."""
    yield ""
    if history is None or not history.outages:
        yield f"No outage of Plex {escape(name)} is on record."
        return
    between = duration(history.mtbf_s) if history.mtbf_s is not None else "not known yet"
    repair = duration(history.mttr_s) if history.mttr_s is not None else "not known yet"
    yield f"[bold]Outages of Plex {escape(name)}[/] · mean time between failures {between}, to repair {repair}"
    for outage in reversed(history.outages):
        begun = dt.datetime.fromisoformat(outage.since)
        until = dt.datetime.fromisoformat(outage.until) if outage.until else now
        length = duration((until - begun).total_seconds())
        yield f"  {begun:%Y-%m-%d %H:%M:%S} UTC  {length if outage.until else f'{length} so far'}  {escape(outage.why)}"


def coloured(condition: str) -> str:
    """Return a condition in the colour that it has on a terminal."""
    colour = {
        "reachable": "green",
        "online": "green",
        "unknown": "yellow",
        "starting": "yellow",
        "maintenance": "yellow",
    }
    return f"[{colour.get(condition, 'bold red')}]{escape(condition)}[/]"


def _row(label: str, text: str) -> str:
    return f"  {label:<10} {text}"


def _liveness(state: ServiceState | None, now: dt.datetime) -> str:
    if state is None:
        return coloured("absent")
    return f"{coloured(state.state)} {since(state.since, now)}"


def _last_sync(stats: WriterStats, now: dt.datetime) -> str:
    return f"last sync {ago(stats.last_sync, now)}"


async def _oldest(bus: Bus, name: str, stats: WriterStats | None) -> Outcome | None:
    """Return the outcome that waits for the longest time, where the table is small enough to look through."""
    if stats is None or not stats.waiting or _size(stats) > LOOKED_AT:
        return None
    found: list[Outcome] = []

    def take_row(_topic: str, payload: bytes) -> None:
        if b'"state":"waiting"' not in payload:
            return
        try:
            outcome = messages.decode(Outcome, payload)
        except Undecodable:
            return
        if not found or outcome.at < found[0].at:
            found[:] = [outcome]

    await bus.stream(take_row, f"{Topics(bus.mqtt.base).outcomes(name)}/+")
    return found[0] if found else None


def _size(stats: WriterStats) -> int:
    return stats.synced + stats.waiting + stats.skipped + stats.failed + stats.ambiguous
