"""`python -m services.plex_writer`: one writer for the Plex server of the settings."""

from __future__ import annotations

import contextlib
import uuid
from typing import TYPE_CHECKING

import structlog

from common.messages import WriterState
from common.options import IMAGES
from common.service import Service, now, run
from services.plex_writer.covers import Covers
from services.plex_writer.plex import Plex
from services.plex_writer.writer import Writer

if TYPE_CHECKING:
    import asyncio

    from common.settings import Settings

SESSION_EXPIRY = 24 * 3600


async def main(settings: Settings, stop: asyncio.Event) -> None:
    """Run until asked to stop."""
    state = WriterState(state="online", instance=str(uuid.uuid4()), since=now())
    service = Service(
        settings, f"plex/{settings.plex.name}", state, stop, session_expiry=SESSION_EXPIRY, loads_beside=True
    )
    async with contextlib.AsyncExitStack() as stack:
        plex = await stack.enter_async_context(_plex(settings, settings.plex.read_timeout))
        writer = Writer(service, plex, settings.options, pictures=await _pictures(settings, stack))
        await writer.listen()
        await stack.enter_async_context(service)
        await writer.run()


def _plex(settings: Settings, read_timeout: float) -> Plex:
    token = settings.plex.token.get_secret_value() if settings.plex.token else ""
    return Plex(settings.plex.url, token, connect_timeout=settings.plex.connect_timeout, read_timeout=read_timeout)


async def _pictures(settings: Settings, stack: contextlib.AsyncExitStack) -> tuple[Plex, Covers] | None:
    """Return a connection of their own for pictures, and where they are from; None without any to write."""
    wanted = [name for name in IMAGES if settings.fields[name].policy != "off"]
    url = settings.provider.internal_url or settings.provider.url
    if wanted and not url:
        structlog.get_logger("writer").warning(
            "pictures_not_written",
            fields=wanted,
            effect="words are written all the same",
            hint="S2P_PROVIDER_INTERNAL_URL or S2P_PROVIDER_URL says where the provider is, which pictures come from",
        )
    if not (wanted and url):
        return None
    plex = await stack.enter_async_context(_plex(settings, settings.plex.upload_timeout))
    return plex, await stack.enter_async_context(Covers(url))


if __name__ == "__main__":
    run("writer", main)
