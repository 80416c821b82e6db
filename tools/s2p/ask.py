"""Sends a request to its owner and waits for the answer; who does not answer is told apart from who may not ask.

A broker drops a publication that its access rules deny, and aiomqtt does not tell. So we listen to our own request as
well: it comes back only if the broker took it.
"""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from common import messages
from common.errors import Undecodable
from common.messages import Payload, Request, Response, ServiceState
from common.topics import Topics
from tools.s2p.bus import name_of
from tools.s2p.trouble import NoAnswer, Trouble

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.s2p.bus import Bus

    Progress = Callable[[bytes], None]

P = TypeVar("P", bound=Payload)

PATIENCE: Final = 3.0
SERVICES: Final = {"stash": "stash_watcher", "provider": "provider"}


def service_of(owner: str) -> str:
    """Return what an owner's service is called in compose, logs and `./run up`."""
    return SERVICES.get(owner, "plex_writer")


class Asker:
    """Asks owners over one connection; `patience` are the seconds in which an owner has to give a first answer."""

    def __init__(self, bus: Bus, *, patience: float = PATIENCE, progress: Progress | None = None) -> None:
        self.bus = bus
        self.topics = Topics(bus.mqtt.base)
        self._patience = patience
        self._progress = progress

    async def ask(self, owner: str, command: str, kind: type[P], request: Request | None = None) -> P:
        """Return the data of the answer as `kind`; raises Trouble when it is an error or does not come."""
        data = await self.ask_raw(owner, command, request)
        try:
            return msgspec.json.decode(data, type=kind)
        except msgspec.ValidationError as error:
            raise Trouble(
                f"The answer of {service_of(owner)} to {command} can't be read: {error}. It may be of another version."
            ) from error

    async def ask_raw(self, owner: str, command: str, request: Request | None = None) -> msgspec.Raw:
        """Return the data of the answer as it came."""
        await self._be_there(owner)
        request = msgspec.structs.replace(request or Request(), transaction=uuid.uuid4().hex)
        response = await self._exchange(owner, command, request)
        if response.status == "error":
            raise Trouble(f"{service_of(owner)} refuses {command}: {response.error}")
        return response.data

    async def _be_there(self, owner: str) -> None:
        """Raise NoAnswer unless the owner's state says that it is online."""
        topic = f"{self.topics.base}/{owner}/state"
        payload = (await self.bus.read(topic)).get(topic)
        if payload is None:
            raise NoAnswer(await self._unknown(owner))
        _refuse_offline(owner, payload)

    async def _unknown(self, owner: str) -> str:
        known = sorted(await self.bus.read(f"{self.topics.base}/+/state", f"{self.topics.base}/plex/+/state"))
        there = ", ".join(topic.removeprefix(f"{self.topics.base}/").removesuffix("/state") for topic in known)
        return (
            f"No {service_of(owner)} has ever been on the broker at {name_of(self.bus.mqtt)} as {owner} (below "
            f"{self.topics.base}/ there is {there or 'nothing'}). Start it, or give its right name with --name."
        )

    async def _exchange(self, owner: str, command: str, request: Request) -> Response:
        asked, answered = self.topics.request(owner, command), self.topics.response(owner, command)
        state, stats = f"{self.topics.base}/{owner}/state", f"{self.topics.base}/{owner}/stats"
        heard: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue(1_000)
        mine = request.transaction.encode()

        def take(topic: str, payload: bytes) -> None:
            about_us = topic in (state, stats) or mine in payload
            if about_us and not heard.full():
                heard.put_nowait((topic, payload))

        async with self.bus.hearing(take, asked, answered, state, stats):
            await self.bus.put(asked, messages.encode(request))
            return await self._until_answered(owner, command, heard, asked, answered)

    async def _until_answered(
        self, owner: str, command: str, heard: asyncio.Queue[tuple[str, bytes]], asked: str, answered: str
    ) -> Response:
        taken = started = False
        deadline = asyncio.get_running_loop().time() + self._patience
        while True:
            try:
                async with asyncio.timeout_at(None if started else deadline):
                    topic, payload = await self.bus.wait(heard.get())
            except TimeoutError:
                raise NoAnswer(self._silence(owner, command, taken=taken)) from None
            if topic == asked:
                taken = True
            elif topic == answered:
                response = _response(owner, payload)
                if response.status != "started":
                    return response
                started = True
            elif topic.endswith("/state"):
                _refuse_offline(owner, payload)
            elif started and self._progress is not None:
                self._progress(payload)

    def _silence(self, owner: str, command: str, *, taken: bool) -> str:
        if taken:
            return (
                f"{service_of(owner)} is online and did not answer {command} within {self._patience:.0f} s. It may be "
                "busy or hang: look at its log; --timeout waits longer."
            )
        user = self.bus.mqtt.user or "this connection without a user"
        return (
            f"The broker took no request: {user} may not write {self.topics.request(owner, command)}. Requests need "
            "the account operator, or write access to request/# in the broker's access rules."
        )


def _response(owner: str, payload: bytes) -> Response:
    try:
        return messages.decode(Response, payload)
    except Undecodable as error:
        raise Trouble(f"The answer of {service_of(owner)} can't be read: {error}.") from error


def _refuse_offline(owner: str, payload: bytes) -> None:
    try:
        state = messages.decode(ServiceState, payload)
    except Undecodable:
        return
    if state.state == "offline":
        raise NoAnswer(
            f"{service_of(owner)} is offline (it was started at {state.since}): start it with docker compose up -d or "
            "./run up, and look at its log if it does not stay."
        )
