"""What Stash's plugin tells and asks, as requests to the owners; pure.

An event is a hint: it says where to look, never what is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import msgspec

from common.messages import Request

if TYPE_CHECKING:
    from collections.abc import Mapping

Task = Literal["sync", "retry", "reconcile", "gaps", "status"]
STASH: Final = "stash"
FIRST_NAMES: Final = 10

# what Stash calls it, and what the watcher asks for then; groups were movies before 0.27
_KINDS: Final[Mapping[str, str]] = {
    "Scene": "scene",
    "SceneMarker": "marker",
    "Tag": "tag",
    "Performer": "performer",
    "Studio": "studio",
    "Group": "group",
    "Movie": "group",
}


class Event(msgspec.Struct, frozen=True, rename={"input_fields": "inputFields"}):
    """The body of the hook: one event of Stash, or one of the plugin's tasks.

    `type` is Stash's name for it, such as Scene.Update.Post, and `id` the row; of a merge there are the ids.
    """

    type: str = ""
    id: int = 0
    input_fields: tuple[str, ...] = ()
    source: tuple[int, ...] = ()
    destination: int = 0
    path: str = ""
    task: Task | None = None


class Ask(NamedTuple):
    """One request to one owner."""

    owner: str
    command: str
    request: Request


def asks_of_event(event: Event) -> list[Ask]:
    """Return what an event asks for: that the watcher looks there."""
    kind = _KINDS.get(event.type.partition(".")[0], "")
    ids = tuple(dict.fromkeys(one for one in (event.id, *event.source, event.destination) if one > 0))
    return [Ask(STASH, "hook", Request(kind=kind, ids=ids, reason=event.type))] if kind else []


def asks_of_task(task: Task, servers: tuple[str, ...]) -> list[Ask]:
    """Return what a task asks of the watcher and of the writers of these Plex servers."""
    writers = [f"plex/{name}" for name in servers]
    match task:
        case "sync":
            first = [Ask(STASH, "resync", Request())]
            return first + [Ask(writer, "resync", Request(every=True)) for writer in writers]
        case "retry":
            return [Ask(writer, "retry", Request(state="failed")) for writer in writers]
        case "reconcile":
            first = [Ask(STASH, "sweep", Request())]
            return first + [Ask(writer, "reconcile", Request()) for writer in writers]
        case "gaps":
            return [Ask(writer, "gaps", Request(limit=FIRST_NAMES)) for writer in writers]
        case "status":
            return []


def line_of(ask: Ask, status: str, data: object, error: str) -> str:
    """Return an answer as one line for people."""
    name = "the watcher" if ask.owner == STASH else ask.owner.replace("plex/", "the writer of ")
    if error:
        return f"{name}: {ask.command} was refused: {error}"
    told = flat(data)
    goes_on = status == "started" or (isinstance(data, dict) and "task" in data)
    said = "has begun" if goes_on else "is done"
    return f"{name}: {ask.command} {said}{f' ({told})' if told else ''}"


def flat(data: object) -> str:
    """Return the plain values of an answer, one after the other; what is empty or long is left out."""
    if not isinstance(data, dict):
        return ""
    parts = []
    for name, value in data.items():
        if isinstance(value, dict) and value:
            parts.append(f"{name}: {flat(value)}")
        elif isinstance(value, str | int | float) and not isinstance(value, bool) and value != "":
            parts.append(f"{name} {value}")
    return ", ".join(parts)
