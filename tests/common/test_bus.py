"""The bus against a real Mosquitto: what it promises while the broker dies, refuses or was never there."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING

import aiomqtt
import pytest

from common.bus import Broker as Address
from common.bus import Bus, Message, Refused, TooLarge
from common.errors import Unavailable
from simulators.proxy import Proxy, faults
from tests.waiting import until
from tools.processes import Broker, free_port

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.asyncio


async def retained(address: Address, topic: str) -> dict[str, bytes]:
    """Read retained topics with another client, up to a probe of its own."""
    found: dict[str, bytes] = {}
    async with aiomqtt.Client(address.host, address.port, protocol=aiomqtt.ProtocolVersion.V5) as client:
        await client.subscribe([(topic, 1), ("probe/test", 1)])
        await client.publish("probe/test", b"end", qos=1)
        async for message in client.messages:
            if str(message.topic) == "probe/test":
                return found
            assert isinstance(message.payload, bytes)
            found[str(message.topic)] = message.payload
    return found


async def test_a_publication_ends_with_the_brokers_acknowledgement(address: Address) -> None:
    async with Bus(address, "one") as bus:
        await bus.publish("x/1", b"value", retain=True)
        assert await retained(address, "x/+") == {"x/1": b"value"}


async def test_a_wildcard_may_stand_inside_a_filter(address: Address) -> None:
    heard: list[str] = []
    async with Bus(address, "wild") as bus:
        await bus.subscribe(["x/+/state", "x/+/y/+"], lambda message: heard.append(message.topic))
        await bus.wait_connected()
        for topic in ("x/1/state", "x/1/2/state", "x/1/y/z", "x/1/other"):
            await bus.publish(topic, b"value")
        await until(lambda: len(heard) == 2, "what was asked for")
    assert heard == ["x/1/state", "x/1/y/z"]


async def test_a_broker_that_is_down_at_start_is_waited_for(tmp_path: Path) -> None:
    broker = Broker(tmp_path)
    async with Bus(Address("127.0.0.1", broker.port), "early") as bus:
        publication = asyncio.create_task(bus.publish("x/1", b"early", retain=True))
        with broker:
            await asyncio.wait_for(publication, 20)
            assert await retained(Address("127.0.0.1", broker.port), "x/+") == {"x/1": b"early"}


async def test_what_was_not_acknowledged_is_published_again_in_order_after_a_kill(
    broker: Broker, address: Address
) -> None:
    async with Bus(address, "crash") as bus:
        await bus.wait_connected()
        pending = [await bus.send(f"x/{n % 10}", str(n).encode(), retain=True) for n in range(500)]
        broker.kill()
        last = asyncio.create_task(bus.publish("x/0", b"after the kill", retain=True))
        await until(lambda: not bus.connected, "the loss to be noticed")
        broker.start()
        await asyncio.wait_for(asyncio.gather(*pending, last), 30)
        newest = {f"x/{n}": str(490 + n).encode() for n in range(1, 10)} | {"x/0": b"after the kill"}
        kept = await retained(address, "x/+")
        assert {topic: kept[topic] for topic in newest if topic in kept} == {
            topic: value for topic, value in newest.items() if topic in kept
        }
        assert kept["x/0"] == b"after the kill"


async def test_a_lost_acknowledgement_is_made_up_on_the_next_connection(broker: Broker, address: Address) -> None:
    async with Proxy(f"127.0.0.1:{broker.port}") as proxy:
        async with Bus(Address("127.0.0.1", proxy.port), "lossy", keepalive=4) as bus:
            await bus.wait_connected()
            await proxy.apply(faults.LosePuback())
            publication = await bus.send("x/1", b"value", retain=True)
            await until(lambda: proxy.hits["lose_puback"] == 1, "the PUBACK to be lost")
            await asyncio.wait_for(publication, 20)
        assert await retained(address, "x/+") == {"x/1": b"value"}


async def test_a_refused_publication_is_an_error(tmp_path: Path) -> None:
    """Mosquitto 2.0.11 answers a PUBLISH that its access file denies with PUBACK 0x87."""
    acl = tmp_path / "acl"
    acl.write_text("topic readwrite open/#\n")
    with Broker(tmp_path, options=f"acl_file {acl}") as broker:
        async with Bus(Address("127.0.0.1", broker.port), "denied") as bus:
            await bus.publish("open/1", b"fine")
            with pytest.raises(Refused, match=r"secret/1.*access rules"):
                await bus.publish("secret/1", b"no")
            await bus.publish("open/1", b"goes on")


async def test_a_wrong_password_is_said_as_such_and_tried_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    passwords = tmp_path / "passwords"
    passwords.touch()
    with Broker(tmp_path, options=f"allow_anonymous false\npassword_file {passwords}") as broker:
        async with Bus(Address("127.0.0.1", broker.port, user="me", password="wrong-secret"), "wrong") as bus:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(bus.wait_connected(), 3)
    said = capsys.readouterr().out
    assert "refused us: Not authorized" in said
    assert "wrong-secret" not in said


async def test_a_payload_above_the_brokers_limit_is_refused_here_and_not_sent(tmp_path: Path) -> None:
    """Sent, it would end the connection, and again after each reconnect (measured on Mosquitto 2.0.11)."""
    with Broker(tmp_path) as broker:
        async with Bus(Address("127.0.0.1", broker.port), "large") as bus:
            connection = await bus.wait_connected()
            assert connection.maximum_packet_size == 1_000_000
            with pytest.raises(TooLarge, match="x/1: 1200008 bytes"):
                await bus.publish("x/1", b"x" * 1_199_941)
            await bus.publish("x/1", b"x" * 900_000)
            assert bus.connection == connection


async def test_a_session_brings_what_was_missed_and_says_that_it_was_there(address: Address) -> None:
    got: list[bytes] = []
    async with Bus(address, "session", session_expiry=600) as bus:
        await bus.subscribe(["x/+"], lambda message: got.append(message.payload), retained=False)
        assert not (await bus.wait_connected()).session_present
        await bus.publish("x/1", b"seen")
        await until(lambda: got == [b"seen"], "the subscription to work")
    async with aiomqtt.Client(address.host, address.port) as other:
        await other.publish("x/1", b"missed 1", qos=1)
        await other.publish("x/2", b"missed 2", qos=1)
    async with Bus(address, "session", session_expiry=600) as bus:
        await bus.subscribe(["x/+"], lambda message: got.append(message.payload), retained=False)
        assert (await bus.wait_connected()).session_present
        await until(lambda: got == [b"seen", b"missed 1", b"missed 2"], "what was missed")


async def test_the_will_is_published_when_we_vanish_but_not_when_we_leave(broker: Broker, address: Address) -> None:
    async with Proxy(f"127.0.0.1:{broker.port}") as proxy:
        bus = Bus(Address("127.0.0.1", proxy.port), "mortal", will=("x/state", b"offline"))
        async with bus:
            await bus.publish("x/state", b"online", retain=True)
        assert await retained(address, "x/state") == {"x/state": b"online"}
        async with Bus(Address("127.0.0.1", proxy.port), "mortal", will=("x/state", b"offline")) as again:
            await again.wait_connected()
            await proxy.apply(faults.Refuse())
            await proxy.apply(faults.Cut())
            await until(lambda: not again.connected, "the loss to be noticed")
            seen: dict[str, bytes] = {}
            async with asyncio.timeout(10):
                while seen.get("x/state") != b"offline":
                    seen = await retained(address, "x/state")


async def test_a_half_open_connection_is_noticed_by_the_keepalive(broker: Broker) -> None:
    async with Proxy(f"127.0.0.1:{broker.port}") as proxy:
        async with Bus(Address("127.0.0.1", proxy.port), "half", keepalive=2) as bus:
            first = await bus.wait_connected()
            await proxy.apply(faults.Blackhole())
            publication = await bus.send("x/1", b"value", retain=True)
            await until(lambda: bus.connection != first, "the silence to be noticed")
            await proxy.apply(faults.Clear())
            await asyncio.wait_for(publication, 20)


async def test_a_publication_cut_in_the_middle_is_sent_again_whole(broker: Broker, address: Address) -> None:
    async with Proxy(f"127.0.0.1:{broker.port}") as proxy, Bus(Address("127.0.0.1", proxy.port), "cut") as bus:
        await bus.wait_connected()
        await proxy.apply(faults.CutInPublish(nth=5))
        payload = b"x" * 10_000
        sent = [await bus.send(f"x/{number}", payload, retain=True) for number in range(20)]
        await asyncio.wait_for(asyncio.gather(*sent), 20)
        assert proxy.hits["cut_in_publish"] == 1
    assert await retained(address, "x/+") == {f"x/{number}": payload for number in range(20)}


async def test_a_kept_subscription_is_renewed_after_the_broker_came_back_empty(
    broker: Broker, address: Address
) -> None:
    got: list[Message] = []
    async with Bus(address, "keeper") as bus:
        await bus.subscribe(["x/+"], got.append)
        await bus.wait_connected()
        broker.kill()
        broker.wipe()
        broker.start()
        await until(lambda: bus.connection is not None and bus.connection.generation > 1, "the reconnect")
        await bus.publish("x/1", b"again", retain=True)
        await until(lambda: any(message.payload == b"again" for message in got), "the message")


async def test_a_kept_subscription_outlives_a_connection_that_is_lost_before_its_answer(
    broker: Broker, address: Address
) -> None:
    got: list[Message] = []
    async with Bus(address, "keeper") as bus:
        await bus.wait_connected()
        os.kill(broker.pid, signal.SIGSTOP)
        subscribing = asyncio.create_task(bus.subscribe(["x/+"], got.append))
        forgotten = asyncio.create_task(bus.subscribe(["y/+"], got.append, keep=False))
        done, _ = await asyncio.wait((subscribing, forgotten), timeout=0.5)
        assert not done
        broker.kill()
        await asyncio.wait_for(subscribing, 20)
        with pytest.raises(Unavailable, match="was lost"):
            await forgotten
        broker.start()
        await asyncio.wait_for(bus.publish("x/1", b"again", retain=True), 20)
        await until(lambda: got, "the message")


async def test_a_subscription_without_a_connection_says_that_the_broker_is_away() -> None:
    async with Bus(Address("127.0.0.1", free_port()), "alone") as bus:
        with pytest.raises(Unavailable, match="no connection to the broker"):
            await bus.subscribe(["x/1"], print, keep=False)


async def test_in_flight_publications_are_bounded(address: Address) -> None:
    """Hundreds of thousands of publications wait in their callers, not in memory of ours."""
    async with Proxy(f"127.0.0.1:{address.port}") as proxy:
        async with Bus(Address("127.0.0.1", proxy.port), "bounded", keepalive=60) as bus:
            await bus.wait_connected()
            await proxy.apply(faults.Blackhole())
            sending = asyncio.create_task(send_many(bus, 5_000))
            done, _ = await asyncio.wait((sending,), timeout=1)
            assert not done
            sending.cancel()


async def send_many(bus: Bus, count: int) -> None:
    """Hand over many publications, waiting for room only."""
    for number in range(count):
        await bus.send("x/1", str(number).encode())
