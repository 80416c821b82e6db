"""Chapters about things that arrive: the first load, an edit, a new film, Plex's own question."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tools.demo.compare import in_plex
from tools.demo.promise import hold
from tools.demo.screen import quoted
from tools.demo.world import FOLDERS, POLL, SCENES

if TYPE_CHECKING:
    from tools.demo.servers import Row
    from tools.demo.stage import Stage

IDENTIFIER = "tv.plex.agents.custom.stash2plex"
FILM = {
    "title": "The Lamplighter of Trieste",
    "details": "He knows every street by its light.",
    "date": "1998-05-17",
    "studio": "Lanterna",
    "performers": ["Greta Novák", "Dario Rossi"],
    "tags": ["Drama", "Night"],
}
FILM_FILE = f"{FOLDERS[0]}/films/The Lamplighter of Trieste.mkv"


async def first_load(stage: Stage) -> None:
    """Start the services: every described scene has to reach Plex."""
    screen, listener = stage.screen, stage.listener
    screen.chapter("First load")
    screen.say(f"Stash has {SCENES} scenes. Plex has their files and knows nothing but the file names.")
    began = time.monotonic()
    stage.world.start_services()
    with screen.meter("settled", SCENES) as meter:

        async def all_settled() -> bool:
            meter.show(listener.settled, f"{time.monotonic() - began:.1f} s")
            return listener.settled == SCENES

        await stage.until(
            all_settled, "all scenes to be settled", seconds=60, seen=lambda: f"{listener.settled} of {SCENES} were"
        )
    took = time.monotonic() - began
    await stage.pending(0)
    synced = sum(outcome.state == "synced" for outcome in listener.outcomes.values())
    hold(synced == len(stage.cast), f"{len(stage.cast)} scenes to be written to Plex", f"{synced} were")
    screen.kept(f"{synced} scenes are in Plex, {took:.1f} s after the services were started.")
    screen.aside(f"{SCENES - synced} scenes that nobody has described yet stay out.")


async def one_edit(stage: Stage) -> None:
    """Change one title in Stash: it has to arrive in Plex."""
    screen, scene = stage.screen, stage.actors[0]
    before, after = scene["title"], f"{scene['title']} (Director's Cut)"
    screen.chapter("An edit in Stash")
    number, key = await stage.plex.last_write(), stage.key(scene)
    began = time.time()
    await stage.stash.edit(scene["id"], title=after)
    screen.change("Stash", before, after)

    async def writes() -> list[Row]:
        return await stage.plex.writes(number, key)

    written = (await stage.until(writes, "the new title to be written to Plex", seconds=15))[0]
    hold(written["after"].get("title") == after, f"Plex to show {after!r}", written["after"])
    milliseconds = 1000 * (written["at"] - began)
    screen.change("Plex", written["before"]["title"], written["after"]["title"], f"{milliseconds:.0f} ms later")
    await stage.reported([scene])
    screen.aside(f"Here Stash is asked for changes every {POLL} s. With its hook it need not be asked.")


async def new_film(stage: Stage) -> None:
    """Describe a film whose file Plex has not seen: it has to wait, and to be written once Plex has it."""
    screen, listener = stage.screen, stage.listener
    screen.chapter("A film that Plex does not have yet")
    scene_id = await stage.stash.scan(FILM_FILE)
    await stage.stash.edit(scene_id, **FILM)
    screen.say(f"Stash has a new film, “{FILM['title']}”. Plex has not scanned its file.")

    async def state(wanted: str) -> bool:
        return listener.state(scene_id) == wanted

    await stage.until(
        lambda: state("waiting"), "the scene to wait", seconds=15, seen=lambda: f"it is {listener.state(scene_id)}"
    )
    screen.kept("The scene waits. That is no error: nothing is retried in vain, and nothing waits behind it.")
    screen.aside(f"{listener.topics.outcome('plex', scene_id)}: waiting")
    path = in_plex(FILM_FILE, FOLDERS)
    began = time.monotonic()
    stage.keys[path] = (await stage.plex.add_files([path]))[0]["ratingKey"]
    screen.say("Now Plex scans the file.")
    await stage.until(
        lambda: state("synced"), "the scene to be written", seconds=20, seen=lambda: f"it is {listener.state(scene_id)}"
    )
    item = await stage.plex.item(stage.keys[path])
    hold(item["title"] == FILM["title"], f"Plex to show {FILM['title']!r}", item["title"])
    screen.kept(f"Written {time.monotonic() - began:.1f} s later: {item['studio']}, {item['originallyAvailableAt']}.")


async def question(stage: Stage) -> None:
    """Let Plex ask our provider what a file is, while Stash is away: it has to know."""
    screen = stage.screen
    screen.chapter("Plex asks")
    screen.say("Plex can also ask us itself, whenever it scans. Stash is switched off for that.")
    scene_id = next(one for one, scene in stage.listener.scenes.items() if scene.title == FILM["title"])
    key = stage.keys[in_plex(FILM_FILE, FOLDERS)]
    await stage.stash.fault("down")
    await stage.plex.register(stage.world.provider_url, IDENTIFIER)
    began = time.monotonic()
    found = await stage.plex.matches(key)
    took = time.monotonic() - began
    await stage.stash.fault("clear")
    asked = (await stage.plex.told("calls"))[-1]
    guid = f"{IDENTIFIER}://movie/{scene_id}"
    hold(found and found[0]["guid"] == guid, f"the first answer to be {guid}", found or "no answer at all")
    screen.exchange("Plex", f"What is {quoted(asked['body']['filename'])}?")
    screen.exchange(
        "We", f"Scene {scene_id}, {quoted(found[0]['name'])}, {found[0]['year']}.", f"{1000 * took:.0f} ms later"
    )
    screen.kept("Answered from memory: a library scan never waits for Stash.")
