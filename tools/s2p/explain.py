"""`s2p explain`: what Stash says of a scene, how its path maps, which item it is, whose each field is, what is next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from common import messages
from common.answers import Explanation
from common.errors import Undecodable
from common.messages import Request, Scene
from common.topics import Topics
from tools.s2p.ask import Asker
from tools.s2p.out import escape, plain
from tools.s2p.trouble import Trouble
from tools.s2p.words import value

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from common.answers import ExplainedField, ExplainedItem
    from tools.s2p.bus import Bus
    from tools.s2p.out import Out

WHOSE = {"ours": "[green]ours[/]", "theirs": "[yellow]theirs[/]", "empty": "[dim]empty[/]"}


async def explain(bus: Bus, out: Out, options: Namespace) -> int:
    """Print all that is known of one scene, path or item."""
    topics = Topics(bus.mqtt.base)
    asker = Asker(bus, patience=options.timeout)
    request = await _request(bus, topics, options.what)
    owner = f"plex/{options.name}"
    try:
        answer = await asker.ask(owner, "explain", Explanation, request)
    except Trouble as error:
        if not request.path:
            raise
        out.say(str(error))
        answer = Explanation()
    scene = await _scene(bus, topics, answer.scene or next(iter(request.ids), None))
    from_provider = await _provider(asker, request) if request.path else None
    out.data({**plain(answer), "stash": plain(scene), "provider": from_provider})
    for line in lines(answer, scene):
        out.line(line)
    if from_provider is not None:
        out.line("[bold]The provider[/]")
        for name, shown in from_provider.items():
            out.line(f"  {escape(name)}: {escape(value(shown))}")
    return 0


async def _request(bus: Bus, topics: Topics, what: str) -> Request:
    """Tell a scene, a rating key and a path apart; a number that is no scene is taken as a rating key."""
    if what.startswith("plex:"):
        return Request(rating_key=what.removeprefix("plex:"))
    if not what.isdecimal():
        return Request(path=what)
    topic = topics.scene(int(what))
    return Request(ids=(int(what),)) if topic in await bus.read(topic) else Request(rating_key=what)


async def _scene(bus: Bus, topics: Topics, scene_id: int | None) -> Scene | None:
    if scene_id is None:
        return None
    topic = topics.scene(scene_id)
    payload = (await bus.read(topic)).get(topic)
    try:
        return messages.decode(Scene, payload) if payload else None
    except Undecodable as error:
        raise Trouble(f"{topic} can't be read: {error}.") from error


async def _provider(asker: Asker, request: Request) -> dict[str, Any] | None:
    """Return what the provider says of the path, if there is one that can tell."""
    try:
        return plain_of(await asker.ask_raw("provider", "explain", request))
    except Trouble:
        return None


def plain_of(data: msgspec.Raw) -> dict[str, Any]:
    """Return an answer of any shape as a dictionary."""
    found = msgspec.json.decode(data)
    return found if isinstance(found, dict) else {"answer": found}


def lines(answer: Explanation, scene: Scene | None) -> Iterator[str]:
    """Yield the explanation for people."""
    name = f"scene {answer.scene}" if answer.scene is not None else "no scene"
    yield f"[bold]{name}[/] {escape(answer.title)}"
    if scene is not None:
        yield from _of_stash(scene)
    for path in answer.paths:
        yield f"  {escape(path.stash)}"
        yield f"    -> {escape(path.plex) if path.plex is not None else '[red]no path rule (S2P_PATHS) takes it[/]'}"
    for item in answer.items:
        yield from _item(item)
    if answer.outcome:
        detail = answer.outcome.get("detail") or ""
        state, at = answer.outcome.get("state"), answer.outcome.get("at")
        yield f"[bold]Outcome[/] {escape(f'{state} at {at} {detail}')}"
    if answer.next:
        yield f"[bold]Next[/] {escape(answer.next)}"


def _of_stash(scene: Scene) -> Iterator[str]:
    yield f"[bold]Stash says[/] (updated {escape(scene.updated_at)})"
    shown = {
        "date": scene.date,
        "studio": scene.studio.name if scene.studio else "",
        "performers": tuple(each.name for each in scene.performers),
        "tags": tuple(each.name for each in scene.tags),
        "details": scene.details,
    }
    for name, each in shown.items():
        yield f"  {name:<14} {escape(value(each))}"


def _item(item: ExplainedItem) -> Iterator[str]:
    yield f"[bold]Plex item {escape(item.rating_key)}[/] {escape(f'{item.title} in {item.library}: {item.why}')}"
    for each in item.fields:
        yield from _field(each)


def _field(each: ExplainedField) -> Iterator[str]:
    lock = {True: " locked", False: " unlocked", None: ""}[each.locked]
    yield f"  {each.field:<14} {WHOSE[each.whose]} {escape(each.policy)}{lock}  {escape(value(each.shown))}"
    if each.wanted is not None and each.wanted != each.shown:
        yield f"  {'':<14} [cyan]wanted[/] {escape(value(each.wanted))}"
