"""`s2p doctor`: every link of the chain, each with what was seen, what follows from it, and what to do."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Final

from common.answers import Finding, Findings
from tools.s2p import broker
from tools.s2p.ask import Asker, service_of
from tools.s2p.out import escape, plain
from tools.s2p.snapshot import take
from tools.s2p.trouble import NOT_WELL, Trouble
from tools.s2p.words import count

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable

    from tools.s2p.bus import Bus
    from tools.s2p.out import Out

MARKS: Final = {"ok": "[green]ok[/]     ", "warning": "[yellow]warning[/]", "error": "[bold red]error[/]  "}
ORDER: Final = ("error", "warning", "ok")


async def doctor(bus: Bus, out: Out, options: Namespace) -> int:
    """Ask the broker and every owner; 1 when something is wrong."""
    snapshot = await take(bus)
    owners = ["stash", *(f"plex/{name}" for name in list(snapshot.plex) or [options.name]), "provider"]
    with out.busy("asking the broker and every service"):
        groups = await asyncio.gather(
            broker.findings(bus, snapshot), *(_checked(bus, options, each) for each in owners)
        )
    found = [finding for group in groups for finding in group]
    out.data({"findings": plain(found)})
    _print(out, found)
    return NOT_WELL if any(finding.level == "error" for finding in found) else 0


async def _checked(bus: Bus, options: Namespace, owner: str) -> Iterable[Finding]:
    """Return what an owner finds, or that it does not answer, which is a finding too."""
    service = service_of(owner)
    try:
        answer = await Asker(bus, patience=options.timeout).ask(owner, "check", Findings)
    except Trouble as error:
        optional = owner == "provider"
        return [
            Finding(
                id=f"service.{service}",
                level="warning" if optional else "error",
                what=str(error),
                effect="Plex can't ask while it scans." if optional else _effect(service),
                remedy="Start it, and look at its log: docker compose logs " + service,
            )
        ]
    return [Finding(id=f"service.{service}", level="ok", what=f"{service} answers as {owner}."), *answer.findings]


def _effect(service: str) -> str:
    return "Changes in Stash are not seen." if service == "stash_watcher" else "Nothing is written to Plex."


def _print(out: Out, found: list[Finding]) -> None:
    for level in ORDER:
        for finding in (each for each in found if each.level == level):
            out.line(f"{MARKS[level]} {escape(finding.what)}  [dim]{escape(finding.id)}[/]")
            if finding.effect:
                out.line(f"        effect: {escape(finding.effect)}")
            if finding.remedy:
                out.line(f"        remedy: {escape(finding.remedy)}")
    counts = Counter(finding.level for finding in found)
    out.line()
    parts = [count(counts["error"], "error"), count(counts["warning"], "warning"), f"{counts['ok']} ok"]
    out.line(f"[bold]{', '.join(parts)}[/]")
