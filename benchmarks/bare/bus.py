"""paho on asyncio with nothing around it.

`python -m benchmarks.bare.bus publish|receive PORT COUNT`
"""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from typing import TYPE_CHECKING, Any

import msgspec
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from benchmarks.harness import report
from benchmarks.scenes import Row, payload

if TYPE_CHECKING:
    from collections.abc import Callable

WINDOW = 200


def connect(name: str, port: int, loop: asyncio.AbstractEventLoop) -> tuple[Client, asyncio.Event]:
    """Connect paho and let the loop drive its socket."""
    client = Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=MQTTProtocolVersion.MQTTv5)
    client.max_inflight_messages_set(0)
    up = asyncio.Event()
    client.on_connect = lambda *_: up.set()
    client.connect("127.0.0.1", port, keepalive=60)
    sock: Any = client.socket()
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.on_socket_register_write = lambda _c, _d, ready: loop.add_writer(ready, client.loop_write)

    def stop_writing(_client: Client, _data: object, ready: Any) -> None:
        loop.remove_writer(ready)

    def stop_reading(_client: Client, _data: object, closed: Any) -> None:
        loop.remove_reader(closed)

    client.on_socket_unregister_write = stop_writing
    client.on_socket_close = stop_reading
    loop.add_reader(sock, client.loop_read)
    return client, up


async def publish(port: int, count: int) -> float:
    """Publish with 200 in flight; return the rate."""
    client, up = connect("bare-publisher", port, asyncio.get_running_loop())
    await up.wait()
    done = asyncio.Event()
    state = {"next": 1, "acked": 0}

    def fill() -> None:
        while state["next"] <= count and state["next"] - state["acked"] <= WINDOW:
            client.publish(f"bench/scene/{state['next']}", payload(state["next"]), 1, True)
            state["next"] += 1

    def acked(*_: object) -> None:
        state["acked"] += 1
        fill()
        if state["acked"] == count:
            done.set()

    client.on_publish = acked
    began = time.perf_counter()
    fill()
    await done.wait()
    rate = count / (time.perf_counter() - began)
    client.disconnect()
    return rate


async def receive(port: int, count: int) -> float:
    """Receive and decode the retained rows; return the rate."""
    client, up = connect("bare-receiver", port, asyncio.get_running_loop())
    await up.wait()
    done = asyncio.Event()
    decode: Callable[[bytes], Row] = msgspec.json.Decoder(Row).decode
    got = 0

    def received(_client: Client, _data: object, message: Any) -> None:
        nonlocal got
        decode(message.payload)
        got += 1
        if got == count:
            done.set()

    client.on_message = received
    began = time.perf_counter()
    client.subscribe("bench/scene/+", 1)
    await done.wait()
    rate = count / (time.perf_counter() - began)
    client.disconnect()
    return rate


def main() -> None:
    """Measure what the command line asks for."""
    what, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    measure = publish if what == "publish" else receive
    report(rate=asyncio.run(measure(port, count)))


if __name__ == "__main__":
    main()
