"""`python -m services.plex_writer`: one writer for the Plex server of the settings."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import structlog

from common.errors import Misconfigured
from common.messages import WriterState
from common.options import DEFAULT_FIELDS
from common.service import Service, now, run
from services.plex_writer.plan import LISTS, SCALARS
from services.plex_writer.plex import Plex
from services.plex_writer.writer import Writer

if TYPE_CHECKING:
    import asyncio

    from common.settings import Settings

SESSION_EXPIRY = 24 * 3600


async def main(settings: Settings, stop: asyncio.Event) -> None:
    """Run until asked to stop."""
    if settings.plex.start == "review":
        raise Misconfigured(
            ["S2P_PLEX_START is review, which this version can't do yet. Set it to write, or leave it out."]
        )
    _warn_of_idle_fields(settings)
    state = WriterState(state="online", instance=str(uuid.uuid4()), since=now())
    service = Service(
        settings, f"plex/{settings.plex.name}", state, stop, session_expiry=SESSION_EXPIRY, loads_beside=True
    )
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


def _warn_of_idle_fields(settings: Settings) -> None:
    """Say which fields somebody chose a policy for that are not written yet."""
    written = {*SCALARS, *LISTS}
    idle = [name for name, chosen in settings.fields.items() if name not in written and chosen != DEFAULT_FIELDS[name]]
    if idle:
        structlog.get_logger("writer").warning(
            "fields_not_written", fields=idle, effect="this version leaves them alone"
        )


if __name__ == "__main__":
    run("writer", main)
