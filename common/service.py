"""What every service does alike: logs, signals, last will, one instance at a time, requests, health, exit codes.

Exit status: 0 stopped on request, 1 a bug or a failure nobody expected, 2 settings or another running instance.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import gc
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn, Self, TypeVar

import msgspec
import structlog

from common import messages
from common.bus import Broker, Bus, Message, TooLarge
from common.errors import Misconfigured, S2PError, Unavailable, Undecodable
from common.logs import configure_logging
from common.messages import Request, Response, ServiceState
from common.settings import load
from common.table import Reader
from common.topics import Topics, command_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping

    from common.settings import Settings

    Handler = Callable[[Request], Awaitable[object]]

Kind = Literal["watcher", "writer", "provider"]
T = TypeVar("T")

DRAIN = 8.0
PING_TIMEOUT = 1.0
KEEPALIVE = 15
KEPT_TOPICS = 10
TENFOLDS = frozenset(10**exponent for exponent in range(2, 10))
HEALTH_EVERY = 5.0
REQUESTS_AT_ONCE = 20
REQUESTS_AT_MOST = 1_000
SHORT = 1.0
COLLECT_AFTER = 50_000

log = structlog.get_logger("service")


class DuplicateInstance(S2PError):
    """Another instance of this service is alive on the same broker."""


def now() -> str:
    """Return the present time as the payloads have it."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Undecoded:
    """Counts payloads that could not be read; logs the first few, then every tenfold, so that a flood stays short."""

    def __init__(self) -> None:
        self.count = 0
        self._last: dict[str, str] = {}

    def add(self, topic: str, error: Undecodable) -> None:
        """Count one more, and keep the reason of the last few topics."""
        self.count += 1
        if (topic not in self._last and self.count <= KEPT_TOPICS) or self.count in TENFOLDS:
            log.warning("undecodable", topic=topic, why=str(error), count=self.count, effect="left alone")
        self._last.pop(topic, None)
        self._last[topic] = str(error)
        while len(self._last) > KEPT_TOPICS:
            del self._last[next(iter(self._last))]

    def payload(self) -> messages.Undecoded:
        """Return the part of the stats that tells it."""
        return messages.Undecoded(count=self.count, last=tuple(f"{t}: {why}" for t, why in self._last.items()))


class Stopped(S2PError):
    """The process was asked to stop while it waited for something."""


class Service:
    """One running service on the bus: `owner` is `stash`, `plex/<name>` or `provider`.

    `bus` carries its session, `reader` its table loads; `stop` is set when it should finish what it has in hand.
    With `loads_beside` the loads of whole tables have a connection of their own, `loader`, so that reads by key need
    not wait for them.
    """

    def __init__(
        self,
        settings: Settings,
        owner: str,
        state: ServiceState,
        stop: asyncio.Event,
        *,
        session_expiry: int = 0,
        loads_beside: bool = False,
    ) -> None:
        self.settings = settings
        self.owner = owner
        self.state = state
        self.topics = Topics(settings.mqtt.base)
        self.stop = stop
        self.undecoded = Undecoded()
        self.ready = False
        broker = Broker(
            host=settings.mqtt.host,
            port=settings.mqtt.port,
            user=settings.mqtt.user,
            password=settings.mqtt.password.get_secret_value() if settings.mqtt.password else "",
            tls=settings.mqtt.tls,
        )
        client_id = f"{settings.mqtt.base}/{owner}".replace("/", "-")
        gone = ServiceState(state="offline", instance=state.instance, since=state.since)
        self.bus = Bus(
            broker,
            client_id,
            session_expiry=session_expiry,
            will=(self.state_topic, messages.encode(gone)),
            keepalive=KEEPALIVE,
        )
        self._reader_bus = Bus(broker, f"{client_id}-reader-{state.instance}", keepalive=KEEPALIVE)
        self.bus.beside = self._reader_bus
        self.reader = Reader(self._reader_bus, self.topics.selftest(owner, f"end-{state.instance}"))
        self._loader_bus = (
            Bus(broker, f"{client_id}-loader-{state.instance}", keepalive=KEEPALIVE) if loads_beside else None
        )
        self.loader = self.reader
        if self._loader_bus is not None:
            self.loader = Reader(self._loader_bus, self.topics.selftest(owner, f"load-{state.instance}"))
        self._stack = contextlib.AsyncExitStack()
        self._requests: set[asyncio.Task[None]] = set()
        self._handlers: Mapping[str, Handler] = {}

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self._reader_bus)
        await self.unless_stopped(self._first_claim())
        if self._loader_bus is not None:
            await self._stack.enter_async_context(self._loader_bus)
        await self._stack.enter_async_context(self.bus)
        self.bus.on_up.append(lambda _: self._spawn(self._came_up()))
        self.bus.on_taken_over.append(lambda: self._spawn(self._taken_over()))
        await self.bus.subscribe([self.topics.selftest(self.owner, "ping")], self._answer_ping, retained=False)
        await self.unless_stopped(self.bus.wait_connected())
        self._spawn(_beat(self))
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._requests:
            task.cancel()
        if self.bus.connected:
            self.state = msgspec.structs.replace(self.state, state="offline", since=now())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await self._publish_state()
        await self._stack.aclose()

    async def unless_stopped(self, work: Coroutine[None, None, T]) -> T:
        """Wait for `work`, but raise Stopped as soon as the process is asked to stop."""
        doing = asyncio.ensure_future(work)
        stopping = asyncio.ensure_future(self.stop.wait())
        try:
            await asyncio.wait((doing, stopping), return_when=asyncio.FIRST_COMPLETED)
            if not doing.done():
                raise Stopped(f"{self.owner} was asked to stop")
            return doing.result()
        finally:
            doing.cancel()
            stopping.cancel()

    @property
    def state_topic(self) -> str:
        """Topic of this service's own state."""
        return f"{self.topics.base}/{self.owner}/state"

    def set_state(self, **changes: object) -> None:
        """Change fields of the state and publish it, unless nothing is new."""
        changed = msgspec.structs.replace(self.state, **changes)
        if changed != self.state:
            self.state = changed
            if self.bus.connected:
                self._spawn(self._publish_state())

    async def publish(self, leaf: str, payload: messages.Payload) -> None:
        """Publish one of this service's own retained topics, such as `info` or `stats`."""
        await self.bus.publish(f"{self.topics.base}/{self.owner}/{leaf}", messages.encode(payload), retain=True)

    async def serve(self, handlers: Mapping[str, Handler]) -> None:
        """Answer requests: each handler takes a Request and returns the answer's `data`, or raises an S2PError."""
        self._handlers = handlers
        await self.bus.subscribe([self.topics.request(self.owner, "+")], self._on_request, retained=False)

    async def _publish_state(self) -> None:
        await self.bus.publish(self.state_topic, messages.encode(self.state), retain=True)

    async def _came_up(self) -> None:
        """After every connect: the will may have said that we are gone, or another instance that it is there."""
        with contextlib.suppress(Unavailable):
            await self._claim()
            await self._publish_state()

    async def _taken_over(self) -> None:
        """Another instance that lives is named, and ends us; anything else is waited out by the bus."""
        with contextlib.suppress(Unavailable):
            await self._claim()

    async def _first_claim(self) -> None:
        while True:
            with contextlib.suppress(Unavailable):
                await self._claim()
                return

    async def _claim(self) -> None:
        """Return when no other instance holds our name; wait two keepalives for one that is just going.

        A state that says online without a living instance behind it is left from a broker that died together with
        the service; an instance that lives answers a ping.
        """
        deadline = time.monotonic() + 2 * KEEPALIVE
        while (other := await self._other_instance()) is not None:
            if not await self._answers(other):
                return
            if time.monotonic() > deadline:
                raise DuplicateInstance(
                    f"another {self.owner} is running on this broker (instance {other}); two of the same would undo "
                    "each other's work: stop one, or give it another name"
                )
            await asyncio.sleep(1)

    async def _other_instance(self) -> str | None:
        found = await self.reader.read([self.state_topic])
        try:
            state = messages.decode(ServiceState, found.get(self.state_topic, b"null"))
        except Undecodable:
            return None
        return state.instance if state.state == "online" and state.instance != self.state.instance else None

    async def _answers(self, other: str) -> bool:
        """Ask the other instance for a sign of life."""
        alive: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        pong = self.topics.selftest(self.owner, "pong")

        def on_pong(message: Message) -> None:
            if message.payload.decode(errors="replace") == other and not alive.done():
                alive.set_result(None)

        await self._reader_bus.subscribe([pong], on_pong, retained=False, keep=False)
        try:
            async with asyncio.timeout(PING_TIMEOUT):
                await self._reader_bus.publish(self.topics.selftest(self.owner, "ping"), other.encode())
                await alive
        except TimeoutError:
            return False
        finally:
            await self._reader_bus.unsubscribe([pong])
        return True

    def _answer_ping(self, message: Message) -> None:
        if message.payload == self.state.instance.encode():
            self._spawn(self.bus.publish(self.topics.selftest(self.owner, "pong"), message.payload))

    def _on_request(self, message: Message) -> None:
        command = command_of(self.topics.request(self.owner, "+").removesuffix("/+"), message.topic)
        if command is None:
            return
        if len(self._requests) >= REQUESTS_AT_MOST:
            log.warning("request_dropped", command=command, why=f"{REQUESTS_AT_MOST} are being answered already")
            return
        self._spawn(self._respond(command, message.payload))

    async def _respond(self, command: str, payload: bytes) -> None:
        transaction = ""
        try:
            request = messages.decode(Request, payload or b"{}")
            transaction = request.transaction
            response = await self._answered(command, request)
        except S2PError as error:
            response = Response(status="error", error=str(error), transaction=transaction)
        await self._answer(command, response)

    async def _answered(self, command: str, request: Request) -> Response:
        """Handle a request; one that takes more than a second is told to have been `started` first."""
        started = asyncio.ensure_future(self._say_started(command, request.transaction))
        try:
            return await self._handle(command, request)
        finally:
            started.cancel()

    async def _say_started(self, command: str, transaction: str) -> None:
        await asyncio.sleep(SHORT)
        with contextlib.suppress(Unavailable):
            await self._answer(command, Response(status="started", transaction=transaction))

    async def _answer(self, command: str, response: Response) -> None:
        """Publish an answer, or in its place why the broker does not take it."""
        topic = self.topics.response(self.owner, command)
        try:
            await self.bus.publish(topic, messages.encode(response))
        except TooLarge as error:
            why = f"the answer is too large for the broker; ask for less at once: {error}"
            short = Response(status="error", error=why, transaction=response.transaction)
            await self.bus.publish(topic, messages.encode(short))

    async def _handle(self, command: str, request: Request) -> Response:
        handler = self._handlers.get(command)
        if handler is None:
            known = ", ".join(sorted(self._handlers))
            return Response(
                status="error", transaction=request.transaction, error=f"unknown command {command}; there are: {known}"
            )
        if len(self._requests) > REQUESTS_AT_ONCE:
            return Response(status="error", transaction=request.transaction, error="too many requests at once")
        data = msgspec.Raw(msgspec.json.encode(await handler(request)))
        return Response(status="ok", transaction=request.transaction, data=data)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        """Run something beside the caller; its failure ends the service like any other."""
        task = asyncio.ensure_future(work)
        self._requests.add(task)
        task.add_done_callback(self._spawned)

    def _spawned(self, task: asyncio.Task[None]) -> None:
        self._requests.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error


async def _beat(service: Service) -> None:
    """Touch the health file while the session is up and the service ready, for `python -m common.health`."""
    path = os.environ.get("S2P_HEALTH_FILE")
    while path:
        if service.bus.connected and service.ready:
            await asyncio.to_thread(Path(path).write_text, "ok\n", "utf-8")
        await asyncio.sleep(HEALTH_EVERY)


def run(
    kind: Kind,
    main: Callable[[Settings, asyncio.Event], Coroutine[None, None, None]],
    loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None,
) -> NoReturn:
    """Run one service as a process: settings, logs, signals, and an exit status that says why it ended.

    `main` gets the settings and an event that is set on SIGTERM or SIGINT; it has 8 seconds to return then. Without
    `loop_factory` the event loop is asyncio's own.
    """
    try:
        settings = load(kind)
    except Misconfigured as error:
        sys.stderr.write("".join(f"{problem}\n" for problem in error.problems))
        sys.exit(2)
    configure_logging(settings, kind)
    _collect_seldom()
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        sys.exit(runner.run(_supervise(main, settings)))


def _collect_seldom() -> None:
    """Look for cycles of garbage seldom, and never in what was imported: nearly all that a service makes is trees.

    With Python's own threshold of 700 a first load spent a tenth of its time looking.
    """
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER)


async def _supervise(main: Callable[[Settings, asyncio.Event], Coroutine[None, None, None]], settings: Settings) -> int:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    work = asyncio.create_task(main(settings, stop), name="main")
    crashes: list[BaseException] = []
    loop.set_exception_handler(lambda _, context: _crash(context, crashes, work))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait((work, stopping), return_when=asyncio.FIRST_COMPLETED)
    if not work.done():
        log.info("stopping", effect="finishing what is in hand")
        await asyncio.wait((work,), timeout=DRAIN)
    stopping.cancel()
    work.cancel()
    await asyncio.wait((work,))
    return _exit_status([*crashes, *_failures(work)])


def _crash(context: dict[str, Any], crashes: list[BaseException], work: asyncio.Task[None]) -> None:
    """Make a failure in a callback or forgotten task end the process instead of a line in the log."""
    crashes.append(context.get("exception") or RuntimeError(str(context.get("message"))))
    work.cancel()


def _failures(work: asyncio.Task[None]) -> list[BaseException]:
    error = None if work.cancelled() else work.exception()
    return list(_leaves(error)) if error is not None else []


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


def _exit_status(failures: list[BaseException]) -> int:
    """Say in the last line why the process ends, and return its exit status."""
    failures = [error for error in failures if not isinstance(error, Stopped)]
    if not failures:
        log.info("stopped", why="on request")
        return 0
    for error in failures:
        if isinstance(error, DuplicateInstance | Misconfigured):
            log.error("stopped", why=str(error))
            return 2
    for error in failures:
        log.error("crashed", why=f"{type(error).__name__}: {error}", exc_info=error)
    return 1
