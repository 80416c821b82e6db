"""`POST /hooks/stash`: Stash's plugin tells what changed, or runs one of its tasks.

The plugin shows a secret; without one in the settings nobody gets in. What comes in leaves as requests on the bus.
"""

from __future__ import annotations

import asyncio
import hmac
import uuid
from typing import TYPE_CHECKING, Final

import msgspec
from starlette.exceptions import HTTPException

from common.errors import Unavailable, Undecodable
from common.messages import Response as Answer
from common.messages import ServiceState, WatcherStats, WriterStats, decode, encode
from services.provider import answers
from services.provider.endpoint import POST, route
from services.provider.hook import STASH, Event, asks_of_event, asks_of_task, flat, line_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import SecretStr
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from common.bus import Message
    from common.service import Service
    from services.provider.hook import Ask, Task

BODY_LIMIT: Final = 64 * 1024
ANSWER_WITHIN: Final = 8.0
TAKEN_WITHIN: Final = 5.0
SERVERS_AT_MOST: Final = 100
READ_WITHIN: Final = 5.0


class Told(msgspec.Struct, frozen=True):
    """What came of it; a task has lines for people."""

    asked: int
    lines: tuple[str, ...] = ()


class Hooks:
    """Passes on what the plugin says; `listen` before the service connects."""

    def __init__(self, service: Service, secret: SecretStr | None) -> None:
        self._service = service
        self._secret = secret.get_secret_value().encode() if secret else b""
        self._servers: dict[str, None] = {}
        self._waiting: dict[str, asyncio.Future[Answer]] = {}

    async def listen(self) -> None:
        """Learn which writers there are, and hear what owners answer."""
        topics, bus = self._service.topics, self._service.bus
        await bus.subscribe([topics.plex("+", "state")], self._on_state)
        await bus.subscribe([topics.response(STASH, "+"), topics.response("plex/+", "+")], self._on_answer)

    def allows(self, given: str) -> bool:
        """Say whether an Authorization header has the secret, in a time that tells nothing of where they differ."""
        return bool(self._secret) and hmac.compare_digest(given.encode(), b"Bearer " + self._secret)

    @property
    def is_open(self) -> bool:
        """Whether there is a secret to show."""
        return bool(self._secret)

    async def tell(self, event: Event) -> Told:
        """Pass an event or a task on; raises Unavailable while the broker is away."""
        if event.task is not None:
            return await self._run(event.task)
        asks = asks_of_event(event)
        for ask in asks:
            await self._send(ask, "")
        return Told(len(asks))

    async def _run(self, task: Task) -> Told:
        if task == "status":
            return Told(0, await self._status())
        asks = asks_of_task(task, tuple(self._servers))
        if not asks:
            return Told(0, ("no writer is connected to the broker; is plex_writer running?",))
        lines = await asyncio.gather(*(self._answered(ask) for ask in asks))
        return Told(len(asks), tuple(lines))

    async def _answered(self, ask: Ask) -> str:
        """Send a request and return its answer as a line."""
        transaction = uuid.uuid4().hex
        future = self._waiting[transaction] = asyncio.get_running_loop().create_future()
        try:
            await self._send(ask, transaction)
            async with asyncio.timeout(ANSWER_WITHIN):
                answer = await future
        except TimeoutError:
            return f"{ask.owner}: {ask.command} was not answered within {ANSWER_WITHIN:.0f} s; is that service running?"
        finally:
            self._waiting.pop(transaction, None)
        return line_of(ask, answer.status, msgspec.json.decode(answer.data), answer.error)

    async def _send(self, ask: Ask, transaction: str) -> None:
        if not self._service.bus.connected:
            raise Unavailable("the broker is away")
        request = msgspec.structs.replace(ask.request, transaction=transaction)
        topic = self._service.topics.request(ask.owner, ask.command)
        try:
            async with asyncio.timeout(TAKEN_WITHIN):
                await self._service.bus.publish(topic, encode(request))
        except TimeoutError as error:
            raise Unavailable("the broker does not answer") from error

    async def _status(self) -> tuple[str, ...]:
        """Return what the services tell about themselves, a line each."""
        topics = self._service.topics
        stats = {"the watcher": topics.stash("stats")}
        stats |= {f"the writer of {name}": topics.plex(name, "stats") for name in self._servers}
        try:
            async with asyncio.timeout(READ_WITHIN):
                found = await self._service.reader.read(list(stats.values()))
        except TimeoutError as error:
            raise Unavailable("the broker does not answer") from error
        return tuple(f"{name}: {_told(found.get(topic))}" for name, topic in stats.items())

    def _on_state(self, message: Message) -> None:
        name = message.topic.split("/")[-2]
        try:
            online = bool(message.payload) and decode(ServiceState, message.payload).state == "online"
        except Undecodable:
            return
        if online and len(self._servers) < SERVERS_AT_MOST:
            self._servers[name] = None
        elif not online:
            self._servers.pop(name, None)

    def _on_answer(self, message: Message) -> None:
        try:
            answer = decode(Answer, message.payload)
        except Undecodable:
            return
        future = self._waiting.get(answer.transaction)
        if future is not None and not future.done():
            future.set_result(answer)


def routes(hooks: Hooks) -> Iterable[Route]:
    """Return the route of the plugin."""

    async def stash(request: Request) -> Response:
        if not hooks.is_open:
            raise HTTPException(403, "no secret is set for this: set S2P_HOOK_SECRET, and the same in Stash's plugin")
        if not hooks.allows(request.headers.get("authorization", "")):
            raise HTTPException(401, "this is not the secret; Stash's plugin and S2P_HOOK_SECRET have to agree")
        body = await answers.body_of(request, BODY_LIMIT)
        try:
            event = msgspec.json.decode(body, type=Event)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise HTTPException(400, f"the body is no event of Stash's plugin: {error}") from error
        try:
            return answers.json(await hooks.tell(event), 202)
        except Unavailable as error:
            raise HTTPException(503, f"{error}; the watcher finds the change by itself once it is back") from error

    return [route("/hooks/stash", stash, POST)]


def _told(payload: bytes | None) -> str:
    if payload is None:
        return "has told nothing yet"
    try:
        data = msgspec.json.decode(payload, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "has told what cannot be read"
    known = {name: value for name, value in data.items() if name in _TOLD and value not in (0, "", None)}
    return flat(known) or "has nothing to do"


_TOLD: Final = frozenset({*WatcherStats.__struct_fields__, *WriterStats.__struct_fields__}) - {
    "undecodable",
    "skipped",
    "requests",
}
