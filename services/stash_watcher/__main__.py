"""`python -m services.stash_watcher`: the one watcher of the Stash of the settings."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from common.messages import WatcherState
from common.service import Service, now, run
from common.stash import Stash
from services.stash_watcher.watcher import Watcher

if TYPE_CHECKING:
    import asyncio

    from common.settings import Settings


async def main(settings: Settings, stop: asyncio.Event) -> None:
    """Run until asked to stop."""
    state = WatcherState(state="online", instance=str(uuid.uuid4()), since=now())
    service = Service(settings, "stash", state, stop)
    stash = Stash(settings.stash.url, settings.stash.api_key)
    async with stash, service:
        await Watcher(service, stash).run()


if __name__ == "__main__":
    run("watcher", main)
