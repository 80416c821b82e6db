"""What is to be done about the pictures of a scene's items. Pure.

A picture is looked at again when the scene's `updated_at` moved, which a new cover moves, when the shape that is wanted
is another, or when its time has come; otherwise it costs nothing.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from common.guids import IDENTIFIER
from common.item import is_same_moment
from common.messages import ImageOutcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from common.messages import Outcome, Scene
    from common.options import Options, Policy
    from services.plex_writer.gallery import Kind, Offered

KINDS: Final[Sequence[Kind]] = ("poster", "art")
DELAYS: Final = (60.0, 300.0, 1_800.0)
DAY: Final = 86_400.0
# clocks may differ a bit
YOUNG: Final = 60.0
SECOND_LOOK: Final = 5.0
# a provider hears of a change within moments, unless it is starting
LAGS: Final = (5.0, 5.0, 10.0, 20.0, 40.0)


class Task(NamedTuple):
    """One picture of one item; `key` is its place in an outcome's images."""

    kind: Kind
    rating_key: str

    @property
    def key(self) -> str:
        """Return `poster/<rating key>` or `art/<rating key>`."""
        return f"{self.kind}/{self.rating_key}"


def tasks(scene: Scene, outcome: Outcome, options: Options, now: dt.datetime) -> list[Task]:
    """Return the pictures to be looked at now; none before the scene's words are written."""
    if outcome.state != "synced" or outcome.born != scene.born:
        return []
    all_of_them = (Task(kind, key) for kind in KINDS if options.fields[kind].policy != "off" for key in outcome.items)
    return [task for task in all_of_them if _is_due(outcome.images.get(task.key), scene, shape_of(task, options), now)]


def next_due(outcome: Outcome, now: dt.datetime) -> float | None:
    """Return the seconds until the first of a scene's pictures is to be tried again, at most a day; None for none."""
    waits = [
        (dt.datetime.fromisoformat(image.due) - now).total_seconds() for image in outcome.images.values() if image.due
    ]
    return min(DAY, max(0.0, min(waits))) if waits else None


def shape_of(task: Task, options: Options) -> str:
    """Return the shape that a picture is wanted in; only posters are shaped."""
    return options.mapping.poster if task.kind == "poster" else "raw"


def kept(images: Mapping[str, ImageOutcome], rating_keys: Iterable[str]) -> dict[str, ImageOutcome]:
    """Return the images of these items alone."""
    there = set(rating_keys)
    return {key: image for key, image in images.items() if key.partition("/")[2] in there}


def begun(before: ImageOutcome, scene: Scene, shape: str) -> ImageOutcome:
    """Return what is recorded of a picture as it is looked at; the attempts count for one state of the scene."""
    if before.shape == shape and is_same_moment(before.checked, scene.updated_at):
        return before
    etag = before.etag if before.shape == shape else ""
    return ImageOutcome(checked=scene.updated_at, shape=shape, etag=etag, hash=before.hash)


def ended(image: ImageOutcome, detail: str = "") -> ImageOutcome:
    """Return what is recorded of a picture that is not looked at again before it changes in Stash."""
    return msgspec.structs.replace(image, due=None, attempts=0, detail=detail)


def once_more(image: ImageOutcome, begun: ImageOutcome, scene: Scene, now: dt.datetime) -> ImageOutcome:
    """Return what is recorded of a picture that was looked at for the first time since its scene changed.

    Stash's updated_at has whole seconds: a cover that comes within the same one, as when a scan makes it, moves nothing
    that tells of it. So one that was not there is looked for once more when that second is over. One that was is not
    asked for again, since whoever answers meanwhile may be another Stash.
    """
    if image.etag or image.due is not None or begun.attempts or not _is_young(scene.updated_at, now):
        return image
    return postponed(image, image.detail, now, after=SECOND_LOOK)


def postponed(image: ImageOutcome, why: str, now: dt.datetime, *, after: float | None = None) -> ImageOutcome:
    """Return what is recorded of a picture that is to be tried again: in 1, 5 and 30 minutes, then daily."""
    delay = after if after is not None else _nth(DELAYS, image.attempts, last=DAY)
    due = (now + dt.timedelta(seconds=delay)).isoformat(timespec="seconds").replace("+00:00", "Z")
    return msgspec.structs.replace(image, due=due, attempts=image.attempts + 1, detail=why)


def unanswered(image: ImageOutcome, why: str, now: dt.datetime) -> ImageOutcome:
    """Return what is recorded of a picture that its provider can't tell about yet: tried again soon, then seldom."""
    return postponed(image, why, now, after=_nth((*LAGS, *DELAYS[:-1]), image.attempts, last=DELAYS[-1]))


def objection(policy: Policy, offered: Sequence[Offered], ours: str, *, locked: bool) -> str:
    """Return why the picture that an item shows has to stay, or nothing; `ours` is the name of what we showed last.

    Under `fill` only ours, our provider's, and the still that Plex made itself may give way.
    """
    shown = next((picture for picture in offered if picture.selected), None)
    if policy == "sync" or shown is None or (ours and shown.name == ours):
        return ""
    if shown.provider == IDENTIFIER or f"/{IDENTIFIER}_" in shown.key:
        return ""
    if locked or shown.key.startswith("upload://"):
        return "somebody chose another picture in Plex, which stays (policy fill)"
    if shown.provider or shown.key.startswith("metadata://"):
        return "Plex shows a picture of another agent, which stays (policy fill)"
    return ""


def is_new(outcome: Outcome, options: Options) -> bool:
    """Tell whether a picture of a scene was never looked at; such come before those that may have changed."""
    wanted = (Task(kind, key).key for kind in KINDS if options.fields[kind].policy != "off" for key in outcome.items)
    return any(key not in outcome.images for key in wanted)


def _is_due(image: ImageOutcome | None, scene: Scene, shape: str, now: dt.datetime) -> bool:
    if image is None or image.shape != shape or not is_same_moment(image.checked, scene.updated_at):
        return True
    return image.due is not None and dt.datetime.fromisoformat(image.due) <= now


def _is_young(raw: str, now: dt.datetime) -> bool:
    try:
        moment = dt.datetime.fromisoformat(raw)
    except ValueError:
        return False
    return moment.tzinfo is not None and abs((now - moment).total_seconds()) < YOUNG


def _nth(delays: Sequence[float], attempts: int, *, last: float) -> float:
    return delays[attempts] if attempts < len(delays) else last
