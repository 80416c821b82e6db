"""`python -m tools.demo`: tell the story; exit status 0 when every promise held, else 1."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import aiomqtt
import httpx

from tools.demo.promise import Broken
from tools.demo.screen import Screen
from tools.demo.story import tell
from tools.demo.world import World

if TYPE_CHECKING:
    from collections.abc import Sequence

INTERRUPTED = 130


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the command line's options."""
    parser = argparse.ArgumentParser("./run demo", description="See it work, on simulated servers.")
    parser.add_argument(
        "--break", dest="tamper", action="store_true", help="change one field in Plex behind our back: exit status 1"
    )
    parser.add_argument("--keep", action="store_true", help="leave it running afterwards, with addresses to look at")
    return parser.parse_args(arguments)


async def main(options: argparse.Namespace) -> int:
    """Tell the story in a world of its own; a signal ends both."""
    _end_on_signal()
    screen = Screen()
    with World(Path(tempfile.mkdtemp(prefix="stash2plex-demo-"))) as world:
        try:
            return await tell(world, screen, tamper=options.tamper, keep=options.keep)
        except Broken as broken:
            screen.broken(broken.expected, broken.seen, world.keep_logs())
        except (httpx.HTTPError, aiomqtt.MqttError) as error:
            expected = "the simulated servers and the broker to answer"
            screen.broken(expected, f"{type(error).__name__}: {error}", world.keep_logs())
        except asyncio.CancelledError:
            screen.say("Stopped.")
            return INTERRUPTED
    return 1


def _end_on_signal() -> None:
    """Cancel the story at the first signal; later ones must not interrupt the ending of processes."""
    loop, story = asyncio.get_running_loop(), asyncio.current_task()
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def end() -> None:
        for number in signals:
            loop.add_signal_handler(number, lambda: None)
        if story is not None:
            story.cancel()

    for number in signals:
        loop.add_signal_handler(number, end)


if __name__ == "__main__":
    sys.exit(asyncio.run(main(parse())))
