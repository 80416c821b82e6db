"""`s2p gaps`: what is in Plex and not in Stash, the other way round, and what lags behind."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

from common.answers import Gaps
from common.messages import Request
from tools.s2p.ask import Asker
from tools.s2p.out import escape, plain
from tools.s2p.words import ago, count, value

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping

    from tools.s2p.bus import Bus
    from tools.s2p.out import Out

KINDS: Final[Mapping[str, str]] = {
    "plex_without_scene": "files in Plex that no scene has",
    "scene_without_item": "scenes without an item in Plex",
    "empty_item": "items in Plex without metadata that Stash has",
    "stale": "scenes that changed since they were written",
}
PAGE: Final = 500


async def gaps(bus: Bus, out: Out, options: Namespace) -> int:
    """Print the counts of all kinds, and the rows of one or of each."""
    asker = Asker(bus, patience=options.timeout)
    wanted = [options.kind] if options.kind else list(KINDS)
    found: dict[str, list[dict[str, object]]] = {}
    head = Gaps()
    for kind in wanted:
        head, found[kind] = await _rows(asker, options, kind)
    out.data({"at": head.at, "counts": head.counts, "rows": found})
    out.line(f"Compared {escape(ago(head.at, dt.datetime.now(dt.UTC)))}.")
    for kind in wanted:
        number = head.counts.get(kind, len(found[kind]))
        out.line(f"[bold]{count(number)}[/] {KINDS[kind]}")
        for row in found[kind]:
            out.line(f"  {escape(_row(row))}")
        if number > len(found[kind]):
            out.line(f"  … and {count(number - len(found[kind]))} more: s2p gaps {kind} --limit {number}")
    return 0


async def _rows(asker: Asker, options: Namespace, kind: str) -> tuple[Gaps, list[dict[str, object]]]:
    rows: list[dict[str, object]] = []
    offset: int | None = 0
    page = Gaps()
    while offset is not None and len(rows) < options.limit:
        request = Request(kind=kind, offset=offset, limit=min(PAGE, options.limit - len(rows)))
        page = await asker.ask(f"plex/{options.name}", "gaps", Gaps, request)
        rows += [dict(row) for row in page.rows]
        offset = page.next
    return page, rows


def _row(row: Mapping[str, object]) -> str:
    """Return one gap in a line: what it has, named."""
    shown = {name: plain(each) for name, each in row.items() if name != "kind" and each not in (None, "", [], ())}
    return " · ".join(f"{name} {value(each)}" for name, each in shown.items())
