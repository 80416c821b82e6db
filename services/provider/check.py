"""The provider's part of `s2p doctor`: its table, the address that Plex is told, pictures, the hook, the broker."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from common.answers import Finding, Findings
from common.checks import BrokerCheck

if TYPE_CHECKING:
    from collections.abc import Iterator

    from common.messages import Request
    from common.service import Service
    from common.settings import Settings
    from services.provider.mirror import Mirror

HERE = ("localhost", "127.0.0.1", "::1", "0.0.0.0", "host.docker.internal")  # noqa: S104 - compared, not bound


class Check:
    """Answers `check`."""

    def __init__(self, service: Service, mirror: Mirror) -> None:
        self._service = service
        self._mirror = mirror
        self._broker = BrokerCheck(service)

    async def on_check(self, _: Request) -> Findings:
        """Return a finding for each thing that Plex or Stash's hook may miss at the provider."""
        found = [self._table(), *configured(self._service.settings), *await self._broker.findings()]
        return Findings(findings=tuple(found))

    def _table(self) -> Finding:
        number = len(self._mirror.catalog)
        if self._mirror.whole:
            return Finding(id="provider.table", level="ok", what=f"The provider has all {number:,} scenes.")
        return Finding(
            id="provider.table",
            level="warning",
            what=f"The provider has {number:,} scenes and is not sure that these are all: "
            f"{self._mirror.suspect or 'the watcher is still loading, or is away'}.",
            effect="A file that no scene has is not answered as such; Plex is told to ask again.",
            remedy="Wait for the watcher's first load; if a limit of the broker is named, raise it.",
        )


def configured(settings: Settings) -> Iterator[Finding]:
    """Yield what the settings leave out that the provider can't do without."""
    url = settings.provider.url
    if not url:
        yield Finding(
            id="provider.url",
            level="warning",
            what="S2P_PROVIDER_URL is not set.",
            effect="s2p register can't tell Plex where the provider is, and its pictures have no address.",
            remedy="Set it to this machine's address as Plex reaches it, with the port, as in http://192.168.1.10:9393.",
        )
    elif (urlsplit(url).hostname or "") in HERE:
        yield Finding(
            id="provider.url",
            level="warning",
            what=f"S2P_PROVIDER_URL is {url}, which on another machine, and in a container, is that one itself.",
            effect="It works only where Plex runs on this machine, outside of a container.",
            remedy="Set it to this machine's address in the network, unless that is so.",
        )
    else:
        yield Finding(id="provider.url", level="ok", what=f"Plex is told to find the provider at {url}.")
    if not settings.stash.url:
        yield Finding(
            id="provider.images",
            level="warning",
            what="The provider has no S2P_STASH_URL.",
            effect="There are no pictures, neither while Plex scans nor for the writer.",
            remedy="Set S2P_STASH_URL, and S2P_STASH_API_KEY where Stash has a password.",
        )
    if settings.provider.hook_secret is None:
        yield Finding(
            id="provider.hook", level="ok", what="No hook secret is set, so Stash's plugin is not listened to."
        )
