"""The order of the chapters, and the last word."""

from __future__ import annotations

import asyncio
import contextlib
import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from tools.demo import arrivals, mishaps
from tools.demo.compare import FIELDS, compare, described, in_plex
from tools.demo.listener import Listener
from tools.demo.servers import Plex, Stash
from tools.demo.stage import Stage
from tools.demo.world import FOLDERS, SCENES

if TYPE_CHECKING:
    from tools.demo.compare import Comparison
    from tools.demo.screen import Screen
    from tools.demo.world import World

CHAPTERS = (arrivals.first_load, arrivals.one_edit, mishaps.outage, mishaps.crash, arrivals.new_film, arrivals.question)


async def tell(world: World, screen: Screen, *, tamper: bool, keep: bool) -> int:
    """Tell the story; return 0 when Stash and Plex agree at its end, else 1. Raises Broken for a broken promise."""
    screen.title(
        "Stash2Plex on MQTT", f"A simulated Stash and Plex with {SCENES} films, a real MQTT broker, three services."
    )
    world.open()
    async with AsyncExitStack() as stack:
        stage = Stage(
            world,
            await stack.enter_async_context(Stash(world.stash.url)),
            await stack.enter_async_context(Plex(world.plex.url)),
            await stack.enter_async_context(Listener(world.broker.port)),
            screen,
        )
        began = time.monotonic()
        await _prepare(stage)
        for chapter in CHAPTERS:
            await chapter(stage)
        status = await _last_word(stage, tamper=tamper, began=began)
        if keep:
            await _keep(stage)
    return status


async def _prepare(stage: Stage) -> None:
    """Give Plex the files of all scenes, as a scan of the same disk would."""
    stage.scenes = await stage.stash.scenes()
    stage.cast = [scene for scene in stage.scenes if described(scene)]
    files = [in_plex(path, FOLDERS) for scene in stage.scenes for path in scene["files"]]
    stage.keys = {row["file"]: row["ratingKey"] for row in await stage.plex.add_files(files)}


async def _last_word(stage: Stage, *, tamper: bool, began: float) -> int:
    screen = stage.screen
    screen.chapter("The last word")
    if tamper:
        await _tamper(stage)
    found = compare(await stage.stash.scenes(), await stage.plex.items(), FOLDERS)
    screen.say(_summary(found))
    screen.aside(
        "Compared from what both servers hold, not from what we believe. A scene without a title keeps the name that "
        "Plex made of its file; a year alone stands for its first day; lists have no order; "
        f"{found.left_out} scenes that nobody has described stay out."
    )
    for difference in found.differences:
        screen.difference(difference)
    if not found.differences:
        screen.kept(f"Stash and Plex agree. The story took {time.monotonic() - began:.0f} s.")
    return 1 if found.differences else 0


def _summary(found: Comparison) -> str:
    return f"compared {found.scenes} scenes × {len(FIELDS)} fields, different: {len(found.differences)}"  # noqa: RUF001 - a times sign is meant


async def _tamper(stage: Stage) -> None:
    """Change a field in Plex with nobody there to put it right: the comparison has to find it."""
    stage.world.services["plex_writer"].stop()
    scene = stage.actors[0]
    await stage.plex.control("person", ratingKey=stage.key(scene), studio="Somebody Else")
    stage.screen.say("plex_writer is stopped, and one studio in Plex is changed behind its back (--break).")


async def _keep(stage: Stage) -> None:
    """Leave everything running, with addresses, until somebody presses Ctrl-C."""
    screen, world, topics = stage.screen, stage.world, stage.listener.topics
    scene = stage.actors[0]
    listen = f"mosquitto_sub -h 127.0.0.1 -p {world.broker.port} -v -t"
    screen.heading("It is all yours, until Ctrl-C")
    screen.aside("how much is left to do, and how it goes; then every change, as it happens:")
    screen.paste(f"{listen} '{topics.plex('plex', 'stats')}'")
    screen.paste(f"{listen} '{topics.base}/#'")
    screen.aside("(mosquitto_sub comes with Mosquitto; on Debian and Ubuntu in the package mosquitto-clients)")
    screen.aside("change a title in Stash, and look at it in Plex:")
    edit = f'{{"op":"scene_update","id":{scene["id"]},"fields":{{"title":"My own title"}}}}'
    screen.paste(f"curl -s {world.stash.url}/control/do -d '{edit}'")
    screen.paste(f"curl -s '{world.plex.url}/control/items?ratingKey={stage.key(scene)}'")
    screen.aside("the provider, and whether it is well:")
    screen.paste(f"curl -s {world.provider_url}/health")
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.Event().wait()
