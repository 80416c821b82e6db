"""The broker of a run in its forms: as it should be, with Mosquitto's own limits, on a disk that is full."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Literal

from tools.processes import Broker

if TYPE_CHECKING:
    from pathlib import Path

Form = Literal["usual", "small", "full"]
# files may grow to 8 blocks of 512 bytes; a write beyond fails as on a full disk, where the signal for it is ignored
LIMITED: Final = ("sh", "-c", 'trap "" XFSZ; ulimit -f 8; exec "$@"', "sh")


class FullDisk(Broker):
    """A broker that can't save anything: everything but its files works."""

    def __init__(self, folder: Path, *, port: int) -> None:
        super().__init__(folder, port=port)
        self._command = [*LIMITED, *self._command]


class Brokers:
    """One broker at a time, always on the same port and data; every method waits until it is done."""

    def __init__(self, folder: Path) -> None:
        usual = Broker(folder)
        self.port = usual.port
        self._forms: dict[Form, Broker] = {
            "usual": usual,
            "small": Broker(folder, port=usual.port, raised_limits=False),
            "full": FullDisk(folder, port=usual.port),
        }
        self._form: Form = "usual"

    @property
    def all(self) -> list[Broker]:
        """Every form, to be stopped in the end."""
        return list(self._forms.values())

    async def start(self, form: Form = "usual") -> None:
        """Start it in this form."""
        self._form = form
        await asyncio.to_thread(self._forms[form].start)

    async def stop(self) -> None:
        """Let it end, and save where it can."""
        await asyncio.to_thread(self._forms[self._form].stop)

    async def kill(self) -> None:
        """End it at once: what it had not saved is lost."""
        await asyncio.to_thread(self._forms[self._form].kill)

    async def save(self) -> None:
        """Keep a copy of what it has now."""
        await asyncio.to_thread(self._forms[self._form].save)

    def restore(self) -> None:
        """Put the copy in the place of its data, while it does not run."""
        self._forms[self._form].restore()

    def wipe(self) -> None:
        """Throw its data away, while it does not run."""
        self._forms[self._form].wipe()
