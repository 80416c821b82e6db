"""Chapters about things that go wrong: Plex is away while people edit, and the writer is killed at work."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING

from tools.demo.promise import hold

if TYPE_CHECKING:
    from tools.demo.screen import Meter
    from tools.demo.servers import Row
    from tools.demo.stage import Stage

SCENES_EDITED = 20
ROUNDS = 3
AT_ONCE = 5
FESTIVAL = "Harbour Festival"


async def outage(stage: Stage) -> None:
    """Take Plex away, edit each of 20 scenes three times, bring Plex back: 20 writes, each of the newest value."""
    screen, scenes = stage.screen, stage.actors[1 : 1 + SCENES_EDITED]
    edits = ROUNDS * len(scenes)
    screen.chapter("Plex goes away")
    screen.say(f"Plex is switched off. In Stash, {len(scenes)} scenes get a new title, {ROUNDS} times each.")
    number = await stage.plex.last_write()
    await stage.plex.fault("down")
    newest = await _edit_all(stage, scenes)
    await stage.pending(len(scenes))
    screen.kept(
        f"{edits} edits, and {stage.listener.stats.pending} scenes wait: only the newest title of each is left to do."
    )
    screen.aside(f"{stage.listener.topics.plex('plex', 'stats')}: pending {stage.listener.stats.pending}")
    back = time.time()
    await stage.plex.fault("clear")
    screen.say("Plex is switched on again. The writer looks for it every few seconds.")
    await _written(stage, number, len(scenes), len(scenes))
    await stage.reported(scenes)
    writes = await stage.plex.writes(number)
    took = writes[-1]["at"] - back
    hold(len(writes) == len(scenes), f"exactly {len(scenes)} writes", f"{len(writes)} writes")
    written = {write["ratingKey"]: write["after"].get("title") for write in writes}
    hold(
        written == newest,
        "each write to have the newest title",
        {k: v for k, v in written.items() if newest.get(k) != v},
    )
    screen.kept(f"{len(writes)} writes, not {edits}, each of the newest title; done {took:.1f} s later.")


async def _edit_all(stage: Stage, scenes: list[Row]) -> dict[str, str]:
    """Edit every scene in each round, a few at a time, each seen on MQTT; return the newest title by item."""
    newest: dict[str, str] = {}
    edits = 0
    with stage.screen.meter("pending", len(scenes)) as meter:
        for take, first in itertools.product(range(1, ROUNDS + 1), range(0, len(scenes), AT_ONCE)):
            group = {scene["id"]: scene for scene in scenes[first : first + AT_ONCE]}
            titles = {one: f"{scene['title']}, take {take}" for one, scene in group.items()}
            for one, title in titles.items():
                await stage.stash.edit(one, title=title)
                edits += 1
            await _published(stage, titles, meter, f"edit {edits} of {ROUNDS * len(scenes)}")
            newest |= {stage.key(group[one]): title for one, title in titles.items()}
    return newest


async def _published(stage: Stage, titles: dict[int, str], meter: Meter, note: str) -> None:
    """Wait until these titles are on MQTT, and show meanwhile what the writer says it has still to do."""

    async def published() -> bool:
        meter.show(stage.listener.stats.pending, note)
        return all(stage.listener.title(one) == title for one, title in titles.items())

    await stage.until(published, "the new titles to appear on MQTT", seconds=15)


async def crash(stage: Stage) -> None:
    """Kill the writer half-way through a bulk change and start it again: nothing lost, nothing written twice."""
    screen, writer = stage.screen, stage.world.services["plex_writer"]
    screen.chapter("A crash")
    items = sum(len(scene["files"]) for scene in stage.cast)
    screen.say(f"{len(stage.cast)} scenes, {items} files in Plex, are tagged “{FESTIVAL}” in one go.")
    number = await stage.plex.last_write()
    await stage.stash.add_tag([scene["id"] for scene in stage.cast], FESTIVAL)
    await _written(stage, number, items // 2, items)
    writer.kill()
    before = len(await stage.plex.writes(number))
    screen.say(f"plex_writer is killed (SIGKILL) after {before} of {items} writes, and started again.")
    writer.start()
    await _written(stage, number, items, items)
    await stage.reported(stage.cast)
    writes = await stage.plex.writes(number)
    tagged = {write["ratingKey"] for write in writes if FESTIVAL in write["after"].get("genres", ())}
    hold(len(tagged) == items, f"all {items} items to have the tag", f"{len(tagged)} have it")
    hold(len(writes) == items, f"exactly {items} writes", f"{len(writes)} writes")
    screen.kept(f"{before} + {len(writes) - before} = {len(writes)} writes: nothing lost, nothing written twice.")


async def _written(stage: Stage, number: int, wanted: int, total: int) -> None:
    """Wait until Plex has carried out so many writes."""
    seen: list[Row] = []
    with stage.screen.meter("written to Plex", total) as meter:

        async def enough() -> bool:
            seen[:] = await stage.plex.writes(number)
            meter.show(len(seen))
            return len(seen) >= wanted

        await stage.until(enough, f"{wanted} writes in Plex", seconds=90, seen=lambda: f"{len(seen)} writes")
