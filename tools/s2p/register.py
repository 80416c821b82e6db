"""`s2p register`: makes the provider known to Plex and a library that uses it, or says what that would take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.answers import Registration
from common.messages import Request
from tools.s2p.ask import Asker
from tools.s2p.out import escape, plain
from tools.s2p.trouble import NOT_WELL

if TYPE_CHECKING:
    from argparse import Namespace

    from tools.s2p.bus import Bus
    from tools.s2p.out import Out


async def register(bus: Bus, out: Out, options: Namespace) -> int:
    """Print every step; nothing is changed without `--confirm`."""
    asker = Asker(bus, patience=options.timeout)
    request = Request(library=options.library, confirm=options.confirm)
    answer = await asker.ask(f"plex/{options.name}", "register", Registration, request)
    out.data(plain(answer))
    for step in answer.steps:
        mark = "[green]done[/]" if step.did else "[yellow]open[/]"
        out.line(f"{mark}  {escape(step.what)}{f': {escape(step.answer)}' if step.answer else ''}")
    for number, click in enumerate(answer.clicks, 1):
        out.line(f"[bold]{number}.[/] {escape(click)}")
    if not options.confirm:
        out.line("Nothing was changed; s2p register --confirm does it.")
    return NOT_WELL if options.confirm and not all(step.did for step in answer.steps) else 0
