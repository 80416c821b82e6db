"""The Mosquittos that can be had here: the one that is installed, and others that TEST_MOSQUITTOS names.

TEST_MOSQUITTOS has `program=plugins` pairs with `:` between; `plugins` is the folder of that Mosquitto's plugins.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from tools.processes import NotStarted, Process, free_port, listens, prepare_broker, program, wait_until

if TYPE_CHECKING:
    from pathlib import Path


class Kind(NamedTuple):
    """One Mosquitto: its program, and the folder of its plugins, empty for the usual ones."""

    program: str
    plugins: str = ""


def kinds() -> list[Kind]:
    """Return every Mosquitto that tests may start; the first is the one that is installed."""
    others = [pair.partition("=") for pair in os.environ.get("TEST_MOSQUITTOS", "").split(":") if pair]
    return [Kind(program("mosquitto")), *(Kind(path, plugins) for path, _, plugins in others)]


class Configured(Process):
    """A Mosquitto of one kind with accounts, as entrypoint.sh prepares it; `settings` are more BROKER_ variables."""

    def __init__(self, kind: Kind, folder: Path, **settings: str) -> None:
        self.port = free_port()
        self.folder = folder
        self.passwords = folder / "passwords"
        plugins = {"BROKER_PLUGINS": kind.plugins} if kind.plugins else {}
        self._settings = {**os.environ, **plugins, **settings}
        super().__init__("mosquitto", [kind.program, "-c", str(folder / "mosquitto.conf")], folder)

    @property
    def generation(self) -> str:
        """Which of the two configurations it got."""
        return "2.1" if "persist_sqlite" in (self.folder / "mosquitto.conf").read_text() else "2.0"

    def start(self) -> None:
        """Prepare it, start it, and wait until it accepts connections."""
        prepare_broker(self.folder, self.folder / "data", self.port, anonymous=False, env=self._settings)
        super().start()
        wait_until(lambda: not self.alive or listens(self.port), "mosquitto to listen")
        if not self.alive:
            raise NotStarted(self.tail())
