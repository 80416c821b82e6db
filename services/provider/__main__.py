"""`python -m services.provider`: answers Plex over HTTP, whether or not broker and Stash are there."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from typing import TYPE_CHECKING

import uvloop

from common.messages import ProviderState
from common.service import Service, Stopped, now, run
from services.provider.app import build
from services.provider.provider import Provider
from services.provider.server import listen, serve

if TYPE_CHECKING:
    from common.settings import Settings


async def main(settings: Settings, stop: asyncio.Event) -> None:
    """Listen first, so that Plex is told to wait and not refused; run until asked to stop."""
    state = ProviderState(state="online", instance=str(uuid.uuid4()), since=now())
    provider = Provider(Service(settings, "provider", state, stop))
    with listen(settings.provider.port) as sock:
        async with asyncio.TaskGroup() as group:
            group.create_task(serve(build(provider), sock, stop))
            with contextlib.suppress(Stopped):
                await provider.run()


if __name__ == "__main__":
    # with httptools and uvloop an answer takes half the time that it does with h11 and asyncio's own loop
    run("provider", main, uvloop.new_event_loop)
