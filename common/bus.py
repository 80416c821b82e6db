"""The one place that speaks MQTT: paho-mqtt driven by asyncio, without a thread.

Every connection gets a paho client of its own; what the broker has not acknowledged is kept here and published again,
in order, on the next one. So a publication ends with the broker's PUBACK or its refusal, however often the
connection breaks in between. Handlers are plain functions: a message is acknowledged once its handler has returned.
The socket is always read (facts learnt on Mosquitto 2.0.11: a client that pauses it is dropped after two keepalives).
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import select
import socket
import ssl
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Self

import structlog
from paho.mqtt.client import Client, MQTTMessage, topic_matches_sub
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from common.errors import Rejected, Unavailable
from common.thread import DaemonThread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from paho.mqtt.client import ConnectFlags, DisconnectFlags
    from paho.mqtt.reasoncodes import ReasonCode

WINDOW = 200
OUTSTANDING = 1_000
SESSION_TAKEN_OVER = 142
TAKE_OVER_WAIT = 60.0
ALONE = 0.3
# who takes a session over does it again within seconds; a network that cuts one of two connections twice is slower
ALONE_AGAIN = 6.0
RETRY_CAP = 10.0
PACKETS_A_READ = 50
HEADER_ROOM = 64

log = structlog.get_logger("bus")


class Refused(Rejected):
    """The broker refused a publication or subscription, for example because access control forbids it."""


class TooLarge(Rejected):
    """A payload is larger than the broker's Maximum Packet Size; `limit` is in bytes."""

    def __init__(self, topic: str, size: int, limit: int) -> None:
        super().__init__(f"{topic}: {size} bytes, and the broker takes packets of at most {limit}")
        self.limit = limit


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker is and who we are there."""

    host: str
    port: int = 1883
    user: str = ""
    password: str = field(default="", repr=False)
    tls: bool = False


class Message(NamedTuple):
    """One message; `retain` is set only on values sent for a new subscription, so decide nothing by it."""

    topic: str
    payload: bytes
    retain: bool


class Connection(NamedTuple):
    """What the broker said at connect; `generation` counts our connections."""

    generation: int
    session_present: bool
    receive_maximum: int
    maximum_packet_size: int | None


@dataclass(slots=True)
class _Publication:
    topic: str
    payload: bytes
    qos: int
    retain: bool
    expiry: int | None
    done: asyncio.Future[None]


@dataclass(frozen=True, slots=True)
class _Subscription:
    handler: Callable[[Message], None]
    qos: int
    retained: bool
    keep: bool


class Bus:
    """A connection to the broker that comes back by itself; use it with `async with`.

    `client_id` names the session; with `session_expiry` (seconds) above 0 the broker keeps it while we are away.
    `will` is published by the broker, retained, when we vanish. `on_up` is told of every connection, `on_taken_over`
    when somebody else has connected under our id: that is waited out for a minute, never fought. `beside` is another
    connection to the same broker, by which a take-over is known from a broker that is gone.
    """

    def __init__(
        self,
        broker: Broker,
        client_id: str,
        *,
        session_expiry: int = 0,
        will: tuple[str, bytes] | None = None,
        keepalive: int = 15,
    ) -> None:
        self.keepalive = keepalive
        self.connection: Connection | None = None
        self.on_up: list[Callable[[Connection], None]] = []
        self.on_taken_over: list[Callable[[], None]] = []
        self.beside: Bus | None = None
        self._broker = broker
        self._client_id = client_id
        self._session_expiry = session_expiry
        self._will = will
        self._client: Client | None = None
        self._up = asyncio.Event()
        self._thread = DaemonThread(f"{client_id} dial")
        self._answer: asyncio.Future[int] | None = None
        self._gone: asyncio.Future[int] | None = None
        self._generation = 0
        self._window = WINDOW
        self._queue: deque[_Publication] = deque()
        self._inflight: dict[int, _Publication] = {}
        self._outstanding = 0
        self._room = asyncio.Event()
        self._handlers: dict[str, _Subscription] = {}
        self._replies: dict[int, asyncio.Future[Sequence[ReasonCode]]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._why_down = "not connected yet"
        self._alone_at = -ALONE_AGAIN

    async def __aenter__(self) -> Self:
        self._tasks = [
            asyncio.create_task(self._stay_connected(), name=f"{self._client_id} connection"),
            asyncio.create_task(self._tick(), name=f"{self._client_id} keepalive"),
        ]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._client is not None:
            self._client.disconnect()
            with contextlib.suppress(OSError):
                self._client.loop_write()
        self._thread.shutdown()
        self._drop("closed", 1)
        for publication in self._queue:
            publication.done.cancel()

    @property
    def connected(self) -> bool:
        """Whether the broker has accepted us and the connection stands."""
        return self.connection is not None

    async def wait_connected(self) -> Connection:
        """Wait until the broker has accepted us, however long that takes."""
        while self.connection is None:
            await self._up.wait()
        return self.connection

    async def lost(self) -> str:
        """Wait until the present connection ends, and return why; at once when there is none."""
        if self.connection is not None and self._gone is not None:
            await asyncio.shield(self._gone)
        return self._why_down

    async def publish(
        self, topic: str, payload: bytes, *, retain: bool = False, qos: int = 1, expiry: int | None = None
    ) -> None:
        """Publish and wait for the broker's acknowledgement, over as many connections as it takes.

        `expiry` is in seconds. Raises Refused when the broker says no, TooLarge when the payload is over its limit.
        """
        done = await self.send(topic, payload, retain=retain, qos=qos, expiry=expiry)
        await done

    async def send(
        self, topic: str, payload: bytes, *, retain: bool = False, qos: int = 1, expiry: int | None = None
    ) -> asyncio.Future[None]:
        """Like `publish`, but return once there is room among the unacknowledged, with a future of the rest."""
        self._check_size(topic, payload)
        while self._outstanding >= OUTSTANDING:
            self._room.clear()
            await self._room.wait()
        self._outstanding += 1
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append(_Publication(topic, payload, qos, retain, expiry, done))
        self._pump()
        return done

    async def subscribe(
        self,
        filters: Sequence[str],
        handler: Callable[[Message], None],
        *,
        qos: int = 1,
        retained: bool = True,
        keep: bool = True,
    ) -> None:
        """Subscribe to exact topics or filters with `+`; with `retained` the broker sends what it has stored each time.

        With `keep` the subscription is renewed at every connect, so that a connection lost meanwhile is no failure;
        without, it raises Unavailable here. Raises Refused when the broker says no; an access file may refuse in
        silence (Mosquitto 2.0.11 and 2.1.2 do).
        """
        subscription = _Subscription(handler, qos, retained, keep)
        self._handlers.update(dict.fromkeys(filters, subscription))
        if keep and not self.connected:
            return
        try:
            await self._request_subscription(filters, subscription)
        except Unavailable:
            if not keep:
                raise

    async def unsubscribe(self, filters: Sequence[str], *, answered: bool = True) -> None:
        """End subscriptions, and wait for the broker's answer; without a connection there is nothing to end."""
        for name in filters:
            self._handlers.pop(name, None)
        if self._client is None or not self.connected:
            return
        code, mid = self._client.unsubscribe(list(filters))
        if answered and code is MQTTErrorCode.MQTT_ERR_SUCCESS and mid is not None:
            with contextlib.suppress(Unavailable):
                await self._reply(mid)

    async def drain(self) -> None:
        """Wait until everything handed over has been acknowledged."""
        while self._queue or self._inflight:
            waiting = [p.done for p in (*self._inflight.values(), *self._queue)]
            await asyncio.wait(waiting)

    def _check_size(self, topic: str, payload: bytes) -> None:
        limit = self.connection.maximum_packet_size if self.connection else None
        size = len(payload) + len(topic.encode()) + HEADER_ROOM
        if limit is not None and size > limit:
            raise TooLarge(topic, size, limit)

    def _pump(self) -> None:
        """Hand queued publications to the connection, as many as the broker lets be unacknowledged."""
        client = self._client
        while client is not None and self.connected and self._queue and len(self._inflight) < self._window:
            publication = self._queue.popleft()
            if publication.done.done():
                self._make_room()
                continue
            properties = None
            if publication.expiry is not None:
                properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
                properties.MessageExpiryInterval = publication.expiry
            info = client.publish(
                publication.topic, publication.payload, publication.qos, publication.retain, properties
            )
            if info.rc is not MQTTErrorCode.MQTT_ERR_SUCCESS:
                self._queue.appendleft(publication)
                return
            self._inflight[info.mid] = publication

    def _make_room(self) -> None:
        """Take in that a publication is over; who waits for room is woken when there is plenty, not for each."""
        self._outstanding -= 1
        if self._outstanding <= OUTSTANDING // 2:
            self._room.set()

    async def _stay_connected(self) -> None:
        attempt = 0
        while True:
            code = await self._connect()
            if code == 0 and self._gone is not None:
                attempt = 0
                code = await self._until_gone(self._gone)
            elif attempt == 0:
                log.warning("broker_unreachable", why=self._why_down, effect="waiting for it")
            await asyncio.sleep(TAKE_OVER_WAIT if code == SESSION_TAKEN_OVER else _delay(attempt))
            attempt += 1

    async def _until_gone(self, gone: asyncio.Future[int]) -> int:
        """Wait until the connection ends; return the code that says why, that of a take-over also where none came.

        Mosquitto 2.0.11 closes a connection that was taken over without a word (seen there), so one that ends while
        another of ours to the same broker stands, and again soon after, counts as taken over.
        """
        code = await gone
        if code == SESSION_TAKEN_OVER or not await self._ended_alone():
            self._alone_at = -ALONE_AGAIN
        else:
            ended, self._alone_at = self._alone_at, asyncio.get_running_loop().time()
            code = SESSION_TAKEN_OVER if self._alone_at - ended < ALONE_AGAIN else code
        self._say_lost(code)
        return code

    async def _ended_alone(self) -> bool:
        """Tell whether the connection beside this one outlives it, so that the broker is there."""
        other = self.beside.connection if self.beside else None
        if self.beside is None or other is None:
            return False
        await asyncio.sleep(ALONE)
        return self.beside.connection == other

    def _say_lost(self, code: int) -> None:
        if code != SESSION_TAKEN_OVER:
            log.warning("broker_lost", why=self._why_down, effect="nothing is lost; connecting again")
            return
        log.error(
            "session_taken_over",
            client_id=self._client_id,
            why="another client has connected under the same id",
            effect=f"connecting again in {TAKE_OVER_WAIT:.0f} s, unless it is another instance of this service",
        )
        for listener in self.on_taken_over:
            listener()

    async def _connect(self) -> int:
        """Try once; return 0 when connected, else the broker's reason code, or 1 when it does not answer."""
        loop = asyncio.get_running_loop()
        self._answer, self._gone = loop.create_future(), loop.create_future()
        client = self._new_client()
        try:
            async with asyncio.timeout(self.keepalive):
                await loop.run_in_executor(self._thread, self._dial, client)
                self._attach(client)
                return await self._answer
        except (OSError, TimeoutError) as error:
            self._drop(f"{self._broker.host}:{self._broker.port}: {str(error) or 'no answer in time'}", 1)
            _abandon(client)
            return 1

    def _new_client(self) -> Client:
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._client_id,
            protocol=MQTTProtocolVersion.MQTTv5,
            reconnect_on_failure=False,
        )
        client.max_inflight_messages_set(0)
        if self._broker.user:
            client.username_pw_set(self._broker.user, self._broker.password)
        if self._broker.tls:
            client.tls_set_context(ssl.create_default_context())
        if self._will is not None:
            client.will_set(*self._will, qos=1, retain=True)
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_publish = self._acknowledged
        client.on_subscribe = self._replied
        client.on_unsubscribe = self._replied
        client.on_message = self._received
        return client

    def _dial(self, client: Client) -> None:
        """Connect in a thread: name look-up, TCP and TLS block. CONNECT itself leaves before paho returns."""
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = self._session_expiry
        client.connect_timeout = float(self.keepalive)
        client.connect(
            self._broker.host,
            self._broker.port,
            keepalive=self.keepalive,
            clean_start=self._session_expiry == 0,
            properties=properties,
        )

    def _attach(self, client: Client) -> None:
        sock = client.socket()
        if not isinstance(sock, socket.socket):
            raise OSError("the broker closed the connection")
        # without it a small packet waits up to 40 ms for the delayed acknowledgement of the one before
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        loop = asyncio.get_running_loop()
        self._client = client
        client.on_socket_close = lambda _client, _data, closed: _forget(loop, closed)
        client.on_socket_register_write = lambda _client, _data, ready: loop.add_writer(ready, client.loop_write)
        client.on_socket_unregister_write = lambda _client, _data, ready: _stop_writing(loop, ready)
        loop.add_reader(sock, self._read, client)
        if client.want_write():
            loop.add_writer(sock, client.loop_write)

    def _read(self, client: Client) -> None:
        """Read what has arrived, but come back to the loop soon so that others get their turn."""
        for _ in range(PACKETS_A_READ):
            if client.loop_read() is not MQTTErrorCode.MQTT_ERR_SUCCESS or not _has_more(client):
                return

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(1)
            if self._client is not None:
                self._client.loop_misc()

    def _connected(
        self, client: Client, _data: object, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if reason.is_failure:
            self._drop(f"{self._broker.host}:{self._broker.port} refused us: {reason}", reason.value)
            return
        self._generation += 1
        receive_maximum = int(getattr(properties, "ReceiveMaximum", 65_535))
        self._window = min(WINDOW, receive_maximum)
        self.connection = Connection(
            self._generation, flags.session_present, receive_maximum, getattr(properties, "MaximumPacketSize", None)
        )
        self._resume(client, self.connection)
        self._up.set()
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(0)

    def _resume(self, client: Client, connection: Connection) -> None:
        """Renew subscriptions, then send what was left over, then tell who wants to know."""
        log.info("broker_connected", generation=connection.generation, session_present=connection.session_present)
        for options in {subscription for subscription in self._handlers.values() if subscription.keep}:
            names = [name for name, subscription in self._handlers.items() if subscription == options]
            client.subscribe([(name, _options(options)) for name in names])
        self._pump()
        for listener in self.on_up:
            listener(connection)

    def _disconnected(
        self,
        client: Client,
        _data: object,
        flags: DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if client is self._client:
            self._drop(str(reason), reason.value if flags.is_disconnect_packet_from_server else 1)

    def _drop(self, why: str, code: int) -> None:
        """Forget the connection; what was not acknowledged goes back to the front of the queue, in order."""
        self.connection = None
        self._client = None
        self._why_down = why
        for publication in reversed(self._inflight.values()):
            if publication.done.done():
                self._make_room()
            else:
                self._queue.appendleft(publication)
        self._inflight.clear()
        for reply in self._replies.values():
            if not reply.done():
                reply.set_exception(Unavailable(f"the connection to the broker was lost: {why}"))
        self._replies.clear()
        for name in [name for name, subscription in self._handlers.items() if not subscription.keep]:
            del self._handlers[name]
        self._up.clear()
        for outcome in (self._answer, self._gone):
            if outcome is not None and not outcome.done():
                outcome.set_result(code)

    def _acknowledged(
        self, _client: Client, _data: object, mid: int, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        publication = self._inflight.pop(mid, None)
        if publication is not None:
            self._make_room()
        if publication is not None and not publication.done.done():
            if reason.is_failure:
                publication.done.set_exception(
                    Refused(f"the broker refused a message on {publication.topic}: {reason}; check its access rules")
                )
            else:
                publication.done.set_result(None)
        self._pump()

    async def _request_subscription(self, filters: Sequence[str], subscription: _Subscription) -> None:
        if self._client is None or not self.connected:
            raise Unavailable(f"no connection to the broker: {self._why_down}")
        code, mid = self._client.subscribe([(name, _options(subscription)) for name in filters])
        if code is not MQTTErrorCode.MQTT_ERR_SUCCESS or mid is None:
            raise Unavailable(f"the subscription could not be sent: {code}")
        for name, reason in zip(filters, await self._reply(mid), strict=True):
            if reason.is_failure:
                raise Refused(f"the broker refused the subscription to {name}: {reason}; check its access rules")

    async def _reply(self, mid: int) -> Sequence[ReasonCode]:
        reply: asyncio.Future[Sequence[ReasonCode]] = asyncio.get_running_loop().create_future()
        self._replies[mid] = reply
        try:
            return await reply
        finally:
            self._replies.pop(mid, None)

    def _replied(
        self, _client: Client, _data: object, mid: int, reasons: Sequence[ReasonCode], _properties: Properties | None
    ) -> None:
        reply = self._replies.get(mid)
        if reply is not None and not reply.done():
            reply.set_result(reasons)
        elif any(reason.is_failure for reason in reasons):
            log.error("subscription_refused", reasons=[str(reason) for reason in reasons], hint="check access rules")

    def _received(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        topic = message.topic
        exact = self._handlers.get(topic) or self._handlers.get(topic.rpartition("/")[0] + "/+")
        subscription = exact or self._matching(topic)
        if subscription is not None:
            subscription.handler(Message(topic, bytes(message.payload), message.retain))

    def _matching(self, topic: str) -> _Subscription | None:
        """Return the subscription with a wildcard inside its filter, of which there are few."""
        inside = (name for name in self._handlers if "+/" in name and topic_matches_sub(name, topic))
        return next((self._handlers[name] for name in inside), None)


def _options(subscription: _Subscription) -> SubscribeOptions:
    retain_handling = SubscribeOptions.RETAIN_SEND_ON_SUBSCRIBE
    if not subscription.retained:
        retain_handling = SubscribeOptions.RETAIN_DO_NOT_SEND
    return SubscribeOptions(qos=subscription.qos, retainHandling=retain_handling)


def _delay(attempt: int) -> float:
    """Full jitter, so that several services do not come back at the same instant."""
    return random.uniform(0.05, min(RETRY_CAP, 0.25 * 2 ** min(attempt, 10)))  # noqa: S311 - no secret depends on it


def _has_more(client: Client) -> bool:
    """Whether more can be read at once, decrypted bytes inside the TLS layer included, which no selector sees."""
    sock = client.socket()
    if not isinstance(sock, socket.socket):
        return False
    return (isinstance(sock, ssl.SSLSocket) and sock.pending() > 0) or bool(select.select((sock,), (), (), 0)[0])


def _forget(loop: asyncio.AbstractEventLoop, sock: object) -> None:
    if getattr(sock, "fileno", lambda: -1)() >= 0:
        loop.remove_reader(sock)  # type: ignore[arg-type]
        loop.remove_writer(sock)  # type: ignore[arg-type]


def _stop_writing(loop: asyncio.AbstractEventLoop, sock: object) -> None:
    if getattr(sock, "fileno", lambda: -1)() >= 0:
        loop.remove_writer(sock)  # type: ignore[arg-type]


def _abandon(client: Client) -> None:
    sock = client.socket()
    if sock is not None:
        _forget(asyncio.get_running_loop(), sock)
        sock.close()
