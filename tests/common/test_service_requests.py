"""A service on a real broker: what it answers to requests, and in which order."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import msgspec
import pytest

from common import messages
from common.bus import Bus
from common.errors import Rejected
from common.messages import Request, Response, ServiceState
from common.service import Service, now
from common.settings import load

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from common.bus import Broker as Address
    from common.bus import Message
    from tools.processes import Broker

PATIENCE: Final = 30.0


class Asker:
    """Sends requests to one owner, and keeps every answer in order."""

    def __init__(self, bus: Bus, service: Service) -> None:
        self._bus, self._service = bus, service
        self._heard: asyncio.Queue[Response] = asyncio.Queue()

    async def listen(self) -> None:
        """Hear the answers to all commands."""
        topic = self._service.topics.response("stash", "+")
        await self._bus.subscribe([topic], self._on_response, retained=False)

    async def ask(self, command: str, transaction: str) -> None:
        """Send a request, and do not wait."""
        topic = self._service.topics.request("stash", command)
        await self._bus.publish(topic, messages.encode(Request(transaction=transaction)))

    async def heard(self) -> Response:
        """Wait for the next answer."""
        async with asyncio.timeout(PATIENCE):
            return await self._heard.get()

    def _on_response(self, message: Message) -> None:
        self._heard.put_nowait(messages.decode(Response, message.payload))


@asynccontextmanager
async def asking(broker: Broker, address: Address) -> AsyncIterator[tuple[Service, Asker]]:
    settings = load("tool", {"S2P_MQTT_URL": broker.url, "S2P_IN_CONTAINER": "false"})
    state = ServiceState(state="online", instance="test", since=now())
    service = Service(settings, "stash", state, asyncio.Event())
    async with service, Bus(address, "asker") as bus:
        asker = Asker(bus, service)
        await asker.listen()
        yield service, asker


@pytest.mark.asyncio
async def test_long_work_says_that_it_was_started_and_short_work_only_its_end(broker: Broker, address: Address) -> None:
    finish = asyncio.Event()

    async def slow(_: Request) -> object:
        await finish.wait()
        return {"detail": "done"}

    async def quick(_: Request) -> object:
        return {"detail": "done"}

    async with asking(broker, address) as (service, asker):
        await service.serve({"slow": slow, "quick": quick})
        await asker.ask("slow", "a")
        started = await asker.heard()
        finish.set()
        ended = await asker.heard()
        await asker.ask("quick", "b")
        at_once = await asker.heard()
    assert [(each.status, each.transaction) for each in (started, ended, at_once)] == [
        ("started", "a"),
        ("ok", "a"),
        ("ok", "b"),
    ]
    assert msgspec.json.decode(ended.data) == {"detail": "done"}


@pytest.mark.asyncio
async def test_an_answer_that_the_broker_does_not_take_is_told_as_an_error(broker: Broker, address: Address) -> None:
    async def talk(_: Request) -> object:
        return "x" * 2_000_000

    async with asking(broker, address) as (service, asker):
        await service.serve({"talk": talk})
        await asker.ask("talk", "a")
        told = await asker.heard()
    assert (told.status, told.transaction) == ("error", "a")
    assert told.error.startswith("the answer is too large for the broker")


@pytest.mark.asyncio
async def test_a_refusal_and_an_unknown_command_are_answered_as_errors(broker: Broker, address: Address) -> None:
    async def refuse(_: Request) -> object:
        raise Rejected("there is no scene 17")

    async with asking(broker, address) as (service, asker):
        await service.serve({"refuse": refuse})
        await asker.ask("refuse", "a")
        refused = await asker.heard()
        await asker.ask("nothing", "b")
        unknown = await asker.heard()
    assert (refused.status, refused.transaction, refused.error) == ("error", "a", "there is no scene 17")
    assert (unknown.status, unknown.error) == ("error", "unknown command nothing; there are: refuse")
