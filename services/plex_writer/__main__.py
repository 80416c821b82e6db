"""`python -m services.plex_writer`: one writer for the Plex server of the settings."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from common.messages import WriterState
from common.service import Service, now, run
from services.plex_writer.plex import Plex
from services.plex_writer.writer import Writer

if TYPE_CHECKING:
    import asyncio

    from common.settings import Settings

SESSION_EXPIRY = 24 * 3600


async def main(settings: Settings, stop: asyncio.Event) -> None:
    """Run until asked to stop."""
    state = WriterState(state="online", instance=str(uuid.uuid4()), since=now())
    service = Service(settings, f"plex/{settings.plex.name}", state, stop, session_expiry=SESSION_EXPIRY)
    plex = Plex(
        settings.plex.url,
        settings.plex.token.get_secret_value() if settings.plex.token else "",
        connect_timeout=settings.plex.connect_timeout,
        read_timeout=settings.plex.read_timeout,
    )
    writer = Writer(service, plex, settings.options)
    await writer.listen()
    async with plex, service:
        await writer.run()


if __name__ == "__main__":
    run("writer", main)
