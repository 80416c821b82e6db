"""The fault proxy between paho and a real Mosquitto: what is lost, what is sent again, and who notices."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
from paho.mqtt.client import Client, ConnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from simulators.proxy import Proxy
from simulators.proxy.faults import Blackhole, Clear, CutInPublish, HalfOpen, LosePuback
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paho.mqtt.client import DisconnectFlags
    from paho.mqtt.reasoncodes import ReasonCode

    from simulators.proxy.faults import Command
    from tools.processes import Broker

pytestmark = pytest.mark.asyncio

TOPIC = "proxy/test"


class Peer:
    """A client with a session that outlives its connections, and a list of everything that happened to it."""

    def __init__(self, name: str, port: int, *, keepalive: int = 60) -> None:
        self.connects: list[bool] = []
        self.losses = 0
        self.got: list[tuple[bytes, bool]] = []
        self.acknowledged: list[int] = []
        self.subscribed = 0
        self._client = Client(CallbackAPIVersion.VERSION2, name, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.reconnect_delay_set(0.05, 0.05)  # type: ignore[arg-type]  # paho takes fractions
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message
        self._client.on_publish = lambda *facts: self.acknowledged.append(facts[2])
        self._client.on_subscribe = self._on_subscribe
        lasting = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho leaves it untyped
        lasting.SessionExpiryInterval = 60
        self._client.connect_async("127.0.0.1", port, keepalive, clean_start=False, properties=lasting)

    def start(self) -> None:
        self._client.loop_start()

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, payload: bytes) -> int:
        return self._client.publish(TOPIC, payload, qos=1).mid

    def subscribe(self) -> None:
        self._client.subscribe(TOPIC, qos=1)

    def _on_connect(
        self, _client: Client, _data: object, flags: ConnectFlags, _code: ReasonCode, _properties: object
    ) -> None:
        self.connects.append(flags.session_present)

    def _on_disconnect(
        self, _client: Client, _data: object, _flags: DisconnectFlags, _code: ReasonCode, _properties: object
    ) -> None:
        self.losses += 1

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        self.got.append((bytes(message.payload), message.dup))

    def _on_subscribe(self, *_: object) -> None:
        self.subscribed += 1


@contextlib.contextmanager
def peer(name: str, port: int, *, keepalive: int = 60) -> Iterator[Peer]:
    client = Peer(name, port, keepalive=keepalive)
    client.start()
    try:
        yield client
    finally:
        client.stop()


async def ready(client: Peer, *, subscribe: bool = False) -> None:
    await until(lambda: client.connects, "the client to connect")
    if subscribe:
        client.subscribe()
        await until(lambda: client.subscribed, "the subscription to stand")


async def test_a_publish_that_is_cut_never_arrives_and_is_sent_again_after_the_reconnect(broker: Broker) -> None:
    async with Proxy(f"127.0.0.1:{broker.port}") as proxy:
        with peer("reader", broker.port) as reader, peer("writer", proxy.port) as writer:
            await ready(reader, subscribe=True)
            await ready(writer)
            await proxy.apply(CutInPublish(nth=2))
            mids = [writer.publish(b"one"), writer.publish(b"two" * 1_000), writer.publish(b"three")]
            await until(lambda: sorted(writer.acknowledged) == mids, "all to be acknowledged")
            assert proxy.hits == {"cut_in_publish": 1}
            assert (writer.losses, writer.connects) == (1, [False, True])
            await until(lambda: len(reader.got) >= 3, "all to arrive")
            assert {payload for payload, _ in reader.got} == {b"one", b"two" * 1_000, b"three"}


async def test_a_publish_whose_puback_is_lost_arrives_twice(broker: Broker) -> None:
    async with Proxy(f"127.0.0.1:{broker.port}") as proxy:
        with peer("reader", broker.port) as reader, peer("writer", proxy.port) as writer:
            await ready(reader, subscribe=True)
            await ready(writer)
            await proxy.apply(LosePuback())
            mid = writer.publish(b"one")
            await until(lambda: writer.acknowledged == [mid], "the second try to be acknowledged")
            await until(lambda: len(reader.got) == 2, "both to arrive")
            assert [payload for payload, _ in reader.got] == [b"one", b"one"]
            assert (proxy.hits, writer.connects) == ({"lose_puback": 1}, [False, True])


async def test_a_puback_can_be_lost_on_a_connection_that_goes_on(broker: Broker) -> None:
    async with Proxy(f"127.0.0.1:{broker.port}") as proxy:
        with peer("writer", proxy.port) as writer:
            await ready(writer)
            await proxy.apply(LosePuback(cut=False))
            writer.publish(b"one")
            await until(lambda: proxy.hits["lose_puback"], "the PUBACK to be lost")
            second = writer.publish(b"two")
            await until(lambda: writer.acknowledged == [second], "the second to be acknowledged")
            assert writer.losses == 0


async def test_a_readers_puback_that_is_lost_brings_the_message_again(broker: Broker) -> None:
    async with Proxy(f"127.0.0.1:{broker.port}") as proxy:
        with peer("reader", proxy.port) as reader, peer("writer", broker.port) as writer:
            await ready(reader, subscribe=True)
            await ready(writer)
            await proxy.apply(LosePuback(direction="up"))
            writer.publish(b"one")
            await until(lambda: len(reader.got) == 2, "the message to come again")
            assert reader.got == [(b"one", False), (b"one", True)]
            assert reader.connects == [False, True]


async def test_a_publish_can_be_cut_on_its_way_to_the_reader(broker: Broker) -> None:
    async with Proxy(f"127.0.0.1:{broker.port}") as proxy:
        with peer("reader", proxy.port) as reader, peer("writer", broker.port) as writer:
            await ready(reader, subscribe=True)
            await ready(writer)
            await proxy.apply(CutInPublish(direction="down", nth=2))
            for payload in (b"one", b"two"):
                writer.publish(payload)
            await until(lambda: {payload for payload, _ in reader.got} == {b"one", b"two"}, "both to arrive")
            assert (b"two", True) in reader.got
            assert reader.losses == 1


@pytest.mark.parametrize("fault", [Blackhole(), HalfOpen()], ids=["black hole", "half open"])
async def test_a_silent_connection_is_noticed_by_the_keepalive_only(broker: Broker, fault: Command) -> None:
    async with Proxy(f"127.0.0.1:{broker.port}") as proxy:
        with peer("writer", proxy.port, keepalive=1) as writer:
            await ready(writer)
            await proxy.apply(fault)
            await until(lambda: writer.losses, "the keepalive to notice")
            await proxy.apply(Clear())
            await until(lambda: len(writer.connects) == 2, "the client to be back")
            mid = writer.publish(b"one")
            await until(lambda: mid in writer.acknowledged, "a publication to pass")
