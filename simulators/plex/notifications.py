"""What PMS tells its listeners: timeline entries, activities and status, over WebSocket and server-sent events.

Frames as public clients read them: WebSocket wraps lists in a NotificationContainer, SSE sends one object an event.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from starlette.responses import StreamingResponse
from starlette.websockets import WebSocketDisconnect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from starlette.requests import Request
    from starlette.websockets import WebSocket

    from simulators.plex.model import Item
    from simulators.plex.server import Plex

QUEUE = 10_000
CREATED, PROGRESS, MATCHING, DOWNLOADING, PROCESSING, PROCESSED, DELETED = 0, 1, 2, 3, 4, 5, 9
_LISTS = {"timeline": "TimelineEntry", "activity": "ActivityNotification", "status": "StatusNotification"}
Note = tuple[str, dict[str, Any]]


class Hub:
    """Hands every note to every listener; one that does not keep up within 10,000 notes is cut off."""

    def __init__(self) -> None:
        self._queues: set[asyncio.Queue[Note | None]] = set()

    @property
    def listeners(self) -> int:
        """How many listen now."""
        return len(self._queues)

    @contextmanager
    def listen(self) -> Iterator[asyncio.Queue[Note | None]]:
        """Return a queue of notes; None in it means that the connection ends."""
        queue: asyncio.Queue[Note | None] = asyncio.Queue(QUEUE)
        self._queues.add(queue)
        try:
            yield queue
        finally:
            self._queues.discard(queue)

    def publish(self, kind: str, entry: dict[str, Any]) -> None:
        """Tell all listeners one thing of kind `timeline`, `activity` or `status`."""
        for queue in list(self._queues):
            try:
                queue.put_nowait((kind, entry))
            except asyncio.QueueFull:
                self._end(queue)

    def hang_up(self) -> None:
        """End all listeners' connections."""
        for queue in list(self._queues):
            self._end(queue)

    def _end(self, queue: asyncio.Queue[Note | None]) -> None:
        self._queues.discard(queue)
        while not queue.empty():
            queue.get_nowait()
        queue.put_nowait(None)

    def timeline(self, item: Item, state: int, **more: str) -> None:
        """Tell that `item` has come to `state`."""
        if not self._queues:
            return
        entry = {
            "identifier": "com.plexapp.plugins.library",
            "sectionID": item.section,
            "itemID": str(item.key),
            "type": item.kind,
            "title": item.title,
            "state": state,
            **more,
            "updatedAt": item.updated_at,
        }
        self.publish("timeline", entry)

    def scan_activity(self, section: str, event: str, activity_id: str, progress: int, title: str) -> None:
        """Tell that a scan of a library started, goes on or ended."""
        activity = {
            "uuid": activity_id,
            "type": "library.update.section",
            "cancellable": True,
            "userID": 1,
            "title": "Scanning",
            "subtitle": title,
            "progress": progress,
            "Context": {"librarySectionID": section},
        }
        self.publish("activity", {"event": event, "uuid": activity_id, "Activity": activity})


async def websocket(plex: Plex, socket: WebSocket) -> None:
    """Serve one WebSocket until either side ends it."""
    token = socket.headers.get("x-plex-token") or socket.query_params.get("X-Plex-Token")
    if plex.faults.down() or token != plex.settings.token:
        await socket.close(1008)
        return
    await socket.accept()
    with plex.hub.listen() as queue:
        sending = asyncio.ensure_future(_send_frames(socket, queue))
        hearing = asyncio.ensure_future(_until_closed(socket))
        _, open_ends = await asyncio.wait([sending, hearing], return_when=asyncio.FIRST_COMPLETED)
        for task in open_ends:
            task.cancel()
        await asyncio.gather(sending, hearing, return_exceptions=True)
    with suppress(RuntimeError):
        await socket.close()


async def _send_frames(socket: WebSocket, queue: asyncio.Queue[Note | None]) -> None:
    while (note := await queue.get()) is not None:
        kind, entry = note
        frame = {"type": kind, "size": 1, _LISTS[kind]: [entry]}
        await socket.send_text(json.dumps({"NotificationContainer": frame}))


async def _until_closed(socket: WebSocket) -> None:
    with suppress(WebSocketDisconnect):
        while True:
            await socket.receive_text()


async def eventsource(plex: Plex, request: Request) -> StreamingResponse:
    """Serve one stream of events; `filters=timeline,activity` leaves the others out."""
    filters = set(filter(None, request.query_params.get("filters", "").split(",")))
    return StreamingResponse(_events(plex.hub, filters), media_type="text/event-stream")


async def _events(hub: Hub, filters: set[str]) -> AsyncIterator[str]:
    yield "event: ping\ndata: {}\n\n"
    with hub.listen() as queue:
        while (note := await queue.get()) is not None:
            kind, entry = note
            if not filters or kind in filters:
                yield f"event: {kind}\ndata: {json.dumps({_LISTS[kind]: entry})}\n\n"
