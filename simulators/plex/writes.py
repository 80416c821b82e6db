"""Committing: the one way in which anything about an item changes, so that nothing changes unrecorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulators.plex.ledger import Origin
from simulators.plex.notifications import PROCESSED
from simulators.plex.store import now
from simulators.plex.truth import view

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from starlette.requests import Request

    from simulators.plex.model import Item
    from simulators.plex.server import Plex

PERSON = Origin("", "", "person")
AGENT = Origin("", "", "agent")


def origin_of(request: Request) -> Origin:
    """Return who sends `request`."""
    return Origin(request.method, request.url.path, request.headers.get("x-plex-client-identifier", ""))


def commit(
    plex: Plex, origin: Origin, item: Item, names: Iterable[str], change: Callable[[], None], *, at: int | None = None
) -> None:
    """Carry out `change` on `item`, now or `at`, record what became of the facts called `names`, and tell listeners."""
    watched = list(names)
    before = view(item, watched)
    change()
    after = view(item, watched)
    changed = [name for name in watched if before[name] != after[name]]
    item.updated_at = now() if at is None else at
    plex.library.sections[item.section].content_changed_at += 1
    plex.ledger.wrote(
        item.key, origin, {name: before[name] for name in changed}, {name: after[name] for name in changed}
    )
    plex.hub.timeline(item, PROCESSED)
