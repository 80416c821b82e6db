"""`GET /gaps`: what the writers found missing on either side, as they retain it; the newest of each Plex server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException

from common import messages
from common.errors import Undecodable
from common.messages import GapReport
from services.provider import answers
from services.provider.endpoint import route

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from common.bus import Message
    from common.service import Service

# of Plex servers; a report has four times a hundred rows at most
LIMIT: Final = 16
LEAF: Final = "gaps"


class GapReports:
    """The reports by the name of their Plex server, sixteen at most."""

    def __init__(self, service: Service) -> None:
        self.newest: dict[str, GapReport] = {}
        self._service = service

    async def listen(self) -> None:
        """Take in the reports that stand and those to come; before the session connects."""
        await self._service.bus.subscribe([self._service.topics.plex("+", LEAF)], self._on_report)

    def _on_report(self, message: Message) -> None:
        name = message.topic.split("/")[-2]
        if not message.payload:
            self.newest.pop(name, None)
            return
        try:
            report = messages.decode(GapReport, message.payload)
        except Undecodable as error:
            self._service.undecoded.add(message.topic, error)
            return
        if name in self.newest or len(self.newest) < LIMIT:
            self.newest[name] = report


def routes(reports: GapReports) -> Iterable[Route]:
    """Return the route; `?server=` asks for one Plex server's report alone."""

    async def gaps(request: Request) -> Response:
        name = request.query_params.get("server")
        if name is None:
            return answers.json({"servers": reports.newest})
        if name not in reports.newest:
            raise HTTPException(404, f"no writer called {name} has told of gaps; ask it by `s2p gaps --name {name}`")
        return answers.json(reports.newest[name])

    return [route("/gaps", gaps)]
