"""A connection to the broker by aiomqtt, with its traps closed: MQTT 5, and each message handled as it arrives.

aiomqtt queues without bound (588 MB for 100,000 messages, measured), so its queue is replaced by one that hands every
message over at once. That also gives a retained snapshot an end: Mosquitto sends what is retained before it answers
the next SUBSCRIBE, so when that answer is here, all of it was handled (measured on 2.0.11 and 2.1.2 at QoS 0).
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import ssl
import uuid
from typing import TYPE_CHECKING, Final, Self

import aiomqtt
from paho.mqtt.client import MQTT_CLEAN_START_FIRST_ONLY
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from tools.s2p.trouble import NoBroker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
    from typing import Any, TypeVar

    from common.settings import Mqtt

    T = TypeVar("T")
    Listener = Callable[[str, bytes], None]

REACH: Final = 3.0
GREET: Final = 3.0
KEEPALIVE: Final = 15
REFUSED: Final = frozenset([134, 135])
NO_RETAINED: Final = 2


class Bus:
    """One clean MQTT 5 session; `read` a snapshot, `hear` what comes, `put` something."""

    def __init__(self, client: aiomqtt.Client, listeners: list[tuple[tuple[str, ...], Listener]], mqtt: Mqtt) -> None:
        self.mqtt = mqtt
        self._client = client
        self._listeners = listeners
        self._lost = asyncio.ensure_future(self._until_lost())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._lost.cancel()
        await asyncio.wait((self._lost,))

    async def read(self, *filters: str) -> dict[str, bytes]:
        """Return what is retained below these filters, by topic."""
        found: dict[str, bytes] = {}
        await self.stream(found.__setitem__, *filters)
        return {topic: payload for topic, payload in found.items() if payload}

    async def stream(self, take: Listener, *filters: str) -> None:
        """Hand over what is retained below these filters, without keeping it."""
        with self._listening(filters, take):
            # the answer to the second comes after all that is retained, however much that is
            await self.wait(self._client.subscribe([(name, 0) for name in filters], timeout=math.inf))
            await self.wait(self._client.subscribe(f"{self.mqtt.base}/selftest/tool/end", timeout=math.inf))
            await self.wait(self._client.unsubscribe(list(filters), timeout=math.inf))

    @contextlib.asynccontextmanager
    async def hearing(self, take: Listener, *filters: str, retained: bool = False) -> AsyncIterator[None]:
        """Hand over what is published below these filters, while inside."""
        options = SubscribeOptions(qos=1, retainHandling=0 if retained else NO_RETAINED)
        with self._listening(filters, take):
            await self.wait(self._client.subscribe([(name, options) for name in filters]))
            yield
            await self.wait(self._client.unsubscribe(list(filters)))

    async def put(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish; a broker that does not allow it says so to nobody, since aiomqtt ignores reason codes."""
        await self.wait(self._client.publish(topic, payload, 1, retain))

    async def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for something as long as the connection holds."""
        doing = asyncio.ensure_future(work)
        try:
            await asyncio.wait((doing, self._lost), return_when=asyncio.FIRST_COMPLETED)
            if not doing.done():
                raise NoBroker(
                    f"The connection to the broker at {name_of(self.mqtt)} was lost: start it, and try again."
                )
            return doing.result()
        except aiomqtt.MqttError as error:
            raise NoBroker(f"The broker at {name_of(self.mqtt)} does not go along: {error}.") from error
        finally:
            doing.cancel()

    async def _until_lost(self) -> None:
        with contextlib.suppress(aiomqtt.MqttError):
            async for _ in self._client.messages:
                raise AssertionError("every message is handled before it is queued")

    @contextlib.contextmanager
    def _listening(self, filters: tuple[str, ...], take: Listener) -> Iterator[None]:
        entry = (filters, take)
        self._listeners.append(entry)
        try:
            yield
        finally:
            self._listeners.remove(entry)


@contextlib.asynccontextmanager
async def connected(mqtt: Mqtt, *, identifier: str = "") -> AsyncIterator[Bus]:
    """Connect to the broker within 5 seconds, or raise NoBroker with the reason."""
    listeners: list[tuple[tuple[str, ...], Listener]] = []
    client = _client(mqtt, identifier or f"{mqtt.base.replace('/', '-')}-s2p-{uuid.uuid4().hex[:8]}", listeners)
    async with contextlib.AsyncExitStack() as stack:
        await _reach(mqtt)
        try:
            await stack.enter_async_context(_entered(client))
        except aiomqtt.MqttError as error:
            raise NoBroker(_refusal(mqtt, error)) from error
        yield await stack.enter_async_context(Bus(client, listeners, mqtt))


def name_of(mqtt: Mqtt) -> str:
    """Return what people call the broker, without its secrets."""
    return f"{mqtt.host}:{mqtt.port}"


@contextlib.asynccontextmanager
async def _entered(client: aiomqtt.Client) -> AsyncIterator[None]:
    """Be connected while inside; that the connection is lost later is told by the Bus."""
    await client.__aenter__()
    try:
        yield
    finally:
        with contextlib.suppress(aiomqtt.MqttError):
            await client.__aexit__(None, None, None)


def _client(mqtt: Mqtt, identifier: str, listeners: list[tuple[tuple[str, ...], Listener]]) -> aiomqtt.Client:
    class Handover(asyncio.Queue[aiomqtt.Message]):
        """A queue that keeps nothing: each message goes to whoever listens."""

        def put_nowait(self, item: aiomqtt.Message) -> None:
            payload = item.payload if isinstance(item.payload, bytes) else str(item.payload or "").encode()
            for filters, take in tuple(listeners):
                if any(item.topic.matches(name) for name in filters):
                    take(item.topic.value, payload)

    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call] # as paho has it
    properties.SessionExpiryInterval = 0
    return aiomqtt.Client(
        mqtt.host,
        mqtt.port,
        username=mqtt.user or None,
        password=mqtt.password.get_secret_value() if mqtt.password else None,
        identifier=identifier,
        protocol=aiomqtt.ProtocolVersion.V5,
        clean_start=MQTT_CLEAN_START_FIRST_ONLY,
        properties=properties,
        keepalive=KEEPALIVE,
        timeout=GREET,
        queue_type=Handover,
        tls_context=ssl.create_default_context() if mqtt.tls else None,
    )


async def _reach(mqtt: Mqtt) -> None:
    """See whether anything listens there; apart from MQTT, so that the two can be told apart."""
    hint = "Is the broker running, and is this its address? S2P_MQTT_URL or --broker says another."
    try:
        async with asyncio.timeout(REACH):
            _, writer = await asyncio.open_connection(mqtt.host, mqtt.port)
    except TimeoutError:
        raise NoBroker(f"No broker answers at {name_of(mqtt)} within {REACH:.0f} s. {hint}") from None
    except OSError as error:
        raise NoBroker(f"No broker at {name_of(mqtt)}: {error.strerror or error}. {hint}") from None
    writer.close()


def _refusal(mqtt: Mqtt, error: aiomqtt.MqttError) -> str:
    reason = error.rc if isinstance(error, aiomqtt.MqttCodeError) else None
    if isinstance(reason, ReasonCode) and reason.value in REFUSED:
        who = f"{mqtt.user} with this password" if mqtt.user else "us without a user and password"
        return (
            f"The broker at {name_of(mqtt)} refuses {who}. Set S2P_MQTT_URL=mqtt://operator@{name_of(mqtt)} and "
            "S2P_MQTT_PASSWORD_FILE or S2P_MQTT_PASSWORD; ./run s2p and docker compose run --rm s2p do so alone."
        )
    if "timed out" in str(error):
        return (
            f"Something listens at {name_of(mqtt)}, but it does not answer as an MQTT broker does. Is the port right?"
        )
    return f"The broker at {name_of(mqtt)} refuses the connection: {error}."
