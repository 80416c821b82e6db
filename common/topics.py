"""Every topic string of the product, built and parsed in one place (DESIGN section 2)."""

from __future__ import annotations

import re
from dataclasses import dataclass

NAME = re.compile(r"[A-Za-z0-9_-]+")
_ID = re.compile(r"0|[1-9][0-9]{0,17}")


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics below one base, for example `stash2plex`; the base may itself have levels."""

    base: str = "stash2plex"

    @property
    def scenes(self) -> str:
        """Prefix of the retained scenes, one topic an id below it."""
        return f"{self.base}/stash/scene"

    def scene(self, scene_id: int) -> str:
        """Topic of one scene."""
        return f"{self.scenes}/{scene_id}"

    def stash(self, leaf: str) -> str:
        """Topic of the watcher's own `state`, `info` or `stats`."""
        return f"{self.base}/stash/{leaf}"

    def outcomes(self, name: str) -> str:
        """Prefix of the retained outcomes of the Plex server called `name`."""
        return f"{self.base}/plex/{name}/scene"

    def outcome(self, name: str, scene_id: int) -> str:
        """Topic of one scene's outcome on one Plex server."""
        return f"{self.outcomes(name)}/{scene_id}"

    def plex(self, name: str, leaf: str) -> str:
        """Topic of a writer's own `state`, `info`, `stats`, `outages` or `gaps`."""
        return f"{self.base}/plex/{name}/{leaf}"

    def provider(self, leaf: str) -> str:
        """Topic of the provider's own `state`, `info` or `stats`."""
        return f"{self.base}/provider/{leaf}"

    @property
    def unmatched(self) -> str:
        """Prefix of the retained reports of files that no scene has."""
        return f"{self.base}/provider/unmatched"

    def request(self, owner: str, command: str) -> str:
        """Topic on which `owner` (`stash`, `plex/<name>` or `provider`) takes `command`; `+` for all of them."""
        return f"{self.base}/request/{owner}/{command}"

    def response(self, owner: str, command: str) -> str:
        """Topic on which `owner` answers `command`."""
        return f"{self.base}/response/{owner}/{command}"

    def selftest(self, owner: str, leaf: str) -> str:
        """Topic on which `owner` talks to itself, to find the end of what the broker had queued for it."""
        return f"{self.base}/selftest/{owner}/{leaf}"


def row_id(prefix: str, topic: str) -> int | None:
    """Return the decimal id of a topic below a table's prefix, or None when the topic is not a row of it."""
    if not topic.startswith(prefix + "/"):
        return None
    leaf = topic[len(prefix) + 1 :]
    return int(leaf) if _ID.fullmatch(leaf) else None


def command_of(prefix: str, topic: str) -> str | None:
    """Return the last level of a topic directly below `prefix`, or None."""
    if not topic.startswith(prefix + "/"):
        return None
    leaf = topic[len(prefix) + 1 :]
    return leaf if NAME.fullmatch(leaf) else None
