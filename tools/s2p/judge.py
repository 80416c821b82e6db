"""What of a snapshot needs somebody, as sentences with the cause and what to do. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.s2p.words import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from common.messages import Undecoded
    from tools.s2p.snapshot import Provider, Snapshot, Watcher, Writer

START = "start it with docker compose up -d or ./run up"


def problems(snapshot: Snapshot) -> list[str]:
    """Return every problem, the most basic first; scenes that merely wait for Plex are none."""
    found = [*_watcher(snapshot.stash), *_provider(snapshot.provider)]
    if not snapshot.plex:
        found.append(f"plex_writer has never been on this broker: {START}.")
    for name, writer in snapshot.plex.items():
        found += _writer(name, writer)
    found += [
        f"A payload can't be read: {topic}. Someone else wrote it, or a newer version." for topic in snapshot.unreadable
    ]
    return found


def _watcher(watcher: Watcher) -> Iterator[str]:
    state, stats = watcher.state, watcher.stats
    if state is None:
        yield f"stash_watcher has never been on this broker: {START}."
        return
    if state.state == "offline":
        yield f"stash_watcher is offline, so changes in Stash are not seen: {START}, and see its log."
    elif state.stash not in ("reachable", "unknown"):
        yield f"Stash is {state.stash}: {state.why or 'no reason was given'}."
    for entry in state.incompatible:
        yield f"This Stash lacks what a query needs ({entry}): what needs it stands still. Update Stash."
    if stats is not None:
        if stats.held:
            yield f"{count(stats.held, 'removal')} held back: if they are meant, s2p sweep --confirm."
        if stats.suspect:
            yield f"The watcher's table is suspect: {stats.suspect}."
        yield from _undecoded("stash_watcher", stats.undecodable)


def _writer(name: str, writer: Writer) -> Iterator[str]:
    state, stats = writer.state, writer.stats
    if state is None or state.state == "offline":
        yield f"plex_writer for {name} is offline, so nothing is written: {START}, or s2p forget {name}."
    elif state.plex not in ("reachable", "unknown"):
        yield f"Plex {name} is {state.plex}: {state.why or 'no reason was given'}."
    elif state.why:
        yield f"Plex {name}: {state.why}."
    if writer.info is not None and state is not None and state.plex == "reachable" and not writer.info.libraries:
        yield f"Plex {name} has none of the libraries that S2P_PLEX_LIBRARIES names, or no movie library."
    if stats is None:
        return
    if stats.failed:
        yield f"{count(stats.failed, 'scene')} failed on {name}: s2p explain says why, s2p retry tries again."
    if stats.ambiguous:
        yield f"{count(stats.ambiguous, 'scene')} ambiguous on {name}: s2p pin says which item is meant."
    if stats.suspect:
        yield f"The table that the writer for {name} sees is suspect: {stats.suspect}."
    yield from _undecoded(f"plex_writer for {name}", stats.undecodable)


def _provider(provider: Provider) -> Iterator[str]:
    state, stats = provider.state, provider.stats
    if state is None:
        return
    if state.state == "offline":
        yield f"provider is offline, so Plex gets no answer while it scans: {START}."
    elif not state.ready:
        yield "provider does not have the whole table of scenes yet; Plex is told to wait."
    if stats is not None:
        if stats.suspect:
            yield f"The provider's table is suspect: {stats.suspect}."
        yield from _undecoded("provider", stats.undecodable)


def _undecoded(service: str, undecodable: Undecoded) -> Iterator[str]:
    if undecodable.count:
        last = undecodable.last[-1] if undecodable.last else ""
        yield f"{service} could not read {count(undecodable.count, 'payload')}; the last: {last}."
