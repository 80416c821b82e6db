"""`python -m tools.up`: run until Ctrl-C or SIGTERM.

Exit status: 0 stopped on request, 1 the broker does not start, 2 settings, or another one of us or of a service.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from dotenv import dotenv_values

from common.config.sources import read
from common.settings import load
from tools.processes import ROOT, NotStarted, Process, service, stop_all
from tools.up.broker import Broker, InUse, claimed
from tools.up.settings import KINDS, THIS_MACHINE, Settings, mistakes, settings_from, settings_of
from tools.up.watch import say, watch

if TYPE_CHECKING:
    from collections.abc import Sequence


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the command line's options."""
    parser = argparse.ArgumentParser("./run up", description="Run the three services for your own Stash and Plex.")
    parser.add_argument("--env", type=Path, default=ROOT / ".env", help="file with settings (default: .env)")
    parser.add_argument("--data", type=Path, default=ROOT / "data", help="folder of the broker's data (default: data)")
    parser.add_argument("--port", type=int, help="port of the broker (default: 1883, or the next free one)")
    return parser.parse_args(arguments)


def main() -> int:
    """Say what is missing, or run; return the exit status."""
    options = parse()
    settings = settings_from(dotenv_values(options.env, interpolate=False), os.environ, resolves=_resolves())
    problems = mistakes(settings)
    if problems:
        _explain(problems, options.env)
        return 2
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    try:
        return run(settings, options.data.resolve(), options.port, stop)
    except InUse as error:
        say(str(error))
        return 2
    except (NotStarted, TimeoutError) as error:
        say(str(error))
        return 1
    finally:
        say("stopped")


def run(settings: Settings, data: Path, port: int | None, stop: threading.Event) -> int:
    """Run the services, and a broker unless the settings name one, until `stop`; return the exit status."""
    with ExitStack() as stack:
        broker = None
        if read(settings).value(("mqtt", "url")) is None:
            lock = stack.enter_context(claimed(data / "broker"))
            broker = Broker(data / "broker", lock, base=load("tool", settings).mqtt.base, port=port)
            stack.callback(broker.process.stop)
            broker.start(settings)
        services = _services(settings, broker, data)
        stack.callback(stop_all, services)
        for each in services:
            each.start()
        return watch([broker.process, *services] if broker else services, stop)


def _services(settings: Settings, broker: Broker | None, folder: Path) -> list[Process]:
    return [
        service(name, folder, settings_of(name, settings) | (broker.access(kind) if broker else {}), to_terminal=True)
        for name, kind in KINDS.items()
    ]


def _explain(problems: Sequence[str], env: Path) -> None:
    for problem in problems:
        say(problem)
    if not env.exists():
        say(f"No {env.name} yet: ./run init makes it, or cp .env.example {env.name} and fill in its first lines.")


def _resolves() -> bool:
    try:
        socket.getaddrinfo(THIS_MACHINE, None)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
