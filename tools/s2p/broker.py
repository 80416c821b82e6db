"""What `s2p doctor` finds out about the broker by itself: its version, who gets in, and what this account may do."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from common.answers import Finding
from tools.s2p.bus import connected, name_of
from tools.s2p.trouble import NoBroker

if TYPE_CHECKING:
    from tools.s2p.bus import Bus
    from tools.s2p.snapshot import Snapshot

TRUNCATING: Final = "max_queued_messages"
HEARD: Final = 3.0


async def findings(bus: Bus, snapshot: Snapshot) -> list[Finding]:
    """Return a finding for each thing that can be told from outside the services."""
    system = await bus.read("$SYS/broker/version", "$SYS/broker/publish/messages/dropped")
    return [_version(bus, system), await _strangers(bus), *_truncates(snapshot), await _unanswered_write(bus)]


def _version(bus: Bus, system: dict[str, bytes]) -> Finding:
    version = system.get("$SYS/broker/version", b"").decode(errors="replace")
    dropped = system.get("$SYS/broker/publish/messages/dropped", b"0").decode(errors="replace")
    shown = version or "of a kind that does not tell its version (or $SYS/# may not be read)"
    if dropped.isdecimal() and int(dropped):
        return Finding(
            id="broker.dropped",
            level="warning",
            what=f"The broker at {name_of(bus.mqtt)} has dropped {dropped} messages since its start.",
            effect="Somebody's queue was full; our services compare everything later, so they lose time, not data.",
            remedy="Raise max_queued_messages and max_queued_bytes in the broker's configuration.",
        )
    return Finding(
        id="broker.version", level="ok", what=f"The broker at {name_of(bus.mqtt)} is {shown}, and speaks MQTT 5."
    )


async def _strangers(bus: Bus) -> Finding:
    """See whether the broker lets in somebody without a name."""
    try:
        async with connected(replace(bus.mqtt, user="", password=None)) as stranger:
            await stranger.read("$SYS/broker/uptime")
    except NoBroker:
        return Finding(id="broker.anonymous", level="ok", what="The broker lets nobody in without a password.")
    if bus.mqtt.host in ("localhost", "127.0.0.1", "::1"):
        effect = "Anybody on this machine can read and change everything."
    else:
        effect = "Anybody in the network can read and change everything."
    return Finding(
        id="broker.anonymous",
        level="warning",
        what="The broker lets anybody in without a password.",
        effect=effect,
        remedy="Set allow_anonymous false, with the accounts of mosquitto/acl.template (docs/broker.md).",
    )


def _truncates(snapshot: Snapshot) -> list[Finding]:
    stats = [snapshot.stash.stats, *(writer.stats for writer in snapshot.plex.values()), snapshot.provider.stats]
    suspect = next((each.suspect for each in stats if each is not None and each.suspect), "")
    if not suspect:
        return []
    return [
        Finding(
            id="broker.suspect",
            level="error",
            what=f"A service sees only part of a table: {suspect}.",
            effect="Nothing is taken for removed, and scenes that are left out are not compared.",
            remedy=f"Set {TRUNCATING} above the number of scenes in the broker's configuration, and restart it.",
        )
    ]


async def _unanswered_write(bus: Bus) -> Finding:
    """See by a round trip whether this account may send requests; nobody answers to `selftest`."""
    topic = f"{bus.mqtt.base}/request/selftest/{time.monotonic_ns()}"
    back = asyncio.Event()
    async with bus.hearing(lambda *_: back.set(), topic):
        await bus.put(topic, b"{}")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(HEARD):
                await bus.wait(back.wait())
    if back.is_set():
        return Finding(id="broker.requests", level="ok", what="This account may send requests.")
    return Finding(
        id="broker.requests",
        level="error",
        what=f"The broker takes no requests from {bus.mqtt.user or 'a client without a user'}.",
        effect="s2p can look, and can't ask for anything.",
        remedy="Use the account operator, or allow it to write request/#.",
    )
