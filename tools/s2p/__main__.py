"""`s2p`, or `python -m tools.s2p`: run one command and end with its exit status."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from tools.s2p.act import ACTS, act
from tools.s2p.backup import backup, restore
from tools.s2p.bus import connected
from tools.s2p.command_line import parser
from tools.s2p.doctor import doctor
from tools.s2p.explain import explain
from tools.s2p.forget import forget
from tools.s2p.gaps import gaps
from tools.s2p.out import Out
from tools.s2p.plan import plan
from tools.s2p.register import register
from tools.s2p.status import status
from tools.s2p.trouble import WRONG_CALL, Trouble
from tools.s2p.watch import watch
from tools.s2p.where import settings

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from tools.s2p.bus import Bus

    Command = Callable[[Bus, Out, Namespace], Awaitable[int]]

COMMANDS: Mapping[str, Command] = {
    **dict.fromkeys((name for name in ACTS if " " not in name and name != "refresh"), act),
    "status": status,
    "watch": watch,
    "explain": explain,
    "plan": plan,
    "gaps": gaps,
    "doctor": doctor,
    "register": register,
    "backup": backup,
    "restore": restore,
    "forget": forget,
}
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the arguments name; return the exit status."""
    options = parser().parse_args(arguments)
    out = Out(as_json=options.json)
    try:
        _complete(options)
        return asyncio.run(_run(out, options))
    except Trouble as error:
        out.fail(str(error), error.status)
        return error.status
    except KeyboardInterrupt:
        return 0 if options.command == "watch" else INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our lines has enough of them, and Python would complain at the end
        return 0


def _complete(options: Namespace) -> None:
    """Refuse what only makes sense together."""
    if options.command == "plan" and options.all == bool(options.scenes):
        raise Trouble("Give the scenes to plan, or --all.", WRONG_CALL)


async def _run(out: Out, options: Namespace) -> int:
    found = settings(options.broker, options.env, options.data)
    options.name = options.name or found.plex.name
    async with connected(found.mqtt) as bus:
        return await COMMANDS[options.command](bus, out, options)


if __name__ == "__main__":
    sys.exit(main())
