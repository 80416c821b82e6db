"""`s2p forget`: removes all that a writer which is gone for good has left on the broker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common import messages
from common.errors import Undecodable
from common.messages import ServiceState
from common.topics import NAME, Topics
from tools.s2p.bus import connected
from tools.s2p.out import escape
from tools.s2p.trouble import WRONG_CALL, Trouble
from tools.s2p.words import count

if TYPE_CHECKING:
    from argparse import Namespace

    from tools.s2p.bus import Bus
    from tools.s2p.out import Out


async def forget(bus: Bus, out: Out, options: Namespace) -> int:
    """Clear its topics and its session; Plex itself is left as it is."""
    if not NAME.fullmatch(options.server):
        raise Trouble(f"{options.server} is no name of a Plex server: letters, digits, _ and -.", WRONG_CALL)
    topics = Topics(bus.mqtt.base)
    await be_offline(bus, topics, options.server, "forget")
    filters = (f"{topics.base}/plex/{options.server}/+", f"{topics.outcomes(options.server)}/+")
    found = sorted(await bus.read(*filters))
    if options.confirm:
        for topic in found:
            await bus.put(topic, b"", retain=True)
        left = len(await bus.read(*filters))
        if left:
            raise Trouble(f"The broker kept {count(left, 'topic')}: {bus.mqtt.user or 'we'} may not write them.")
        async with connected(bus.mqtt, identifier=f"{topics.base}/plex/{options.server}".replace("/", "-")):
            pass  # a clean session under the writer's name ends the one that still queues for it
    out.data({"forgotten": options.confirm, "topics": len(found)})
    done = "Removed" if options.confirm else "Would remove"
    tail = "" if options.confirm else f" Nothing was removed; s2p forget {options.server} --confirm does it."
    out.line(
        f"{done} {count(len(found), 'topic')} of Plex {escape(options.server)}; what is in Plex stays as it is.{tail}"
    )
    return 0


async def be_offline(bus: Bus, topics: Topics, name: str, command: str) -> None:
    """Raise Trouble while the writer for this Plex server is online: it would undo what is done to its topics."""
    topic = topics.plex(name, "state")
    payload = (await bus.read(topic)).get(topic)
    try:
        online = payload is not None and messages.decode(ServiceState, payload).state == "online"
    except Undecodable:
        online = False
    if online:
        raise Trouble(
            f"plex_writer for {name} is online and owns these topics. Stop it first (docker compose stop plex_writer, "
            f"or end ./run up's), then {command} again."
        )
