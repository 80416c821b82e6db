"""`s2p plan`: a dry run, as the exact difference between what Plex shows and what would be written."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from common.answers import Plan
from common.messages import Request
from tools.s2p.ask import Asker
from tools.s2p.out import escape, plain
from tools.s2p.words import count, value

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from common.answers import Change, PlannedScene
    from tools.s2p.bus import Bus
    from tools.s2p.out import Out

PAGE: Final = 100


async def plan(bus: Bus, out: Out, options: Namespace) -> int:
    """Print page after page; scenes without a change only with `--verbose`."""
    asker = Asker(bus, patience=options.timeout)
    counts: Counter[str] = Counter()
    total = seen = changed = 0
    offset: int | None = 0
    while offset is not None:
        request = Request(ids=tuple(options.scenes), every=options.all, offset=offset, limit=PAGE)
        page = await asker.ask(f"plex/{options.name}", "plan", Plan, request)
        for scene in page.scenes:
            out.data(plain(scene))
            changed += any(item.changes for item in scene.items)
            for line in scene_lines(scene, verbose=options.verbose or not options.all):
                out.line(line)
        seen += len(page.scenes)
        counts.update(change.field for scene in page.scenes for item in scene.items for change in item.changes)
        total, offset = page.total, page.next
        if options.all and out.live and offset is not None:
            out.say(f"{count(seen)} of {count(total)}")
    out.line()
    fields = ", ".join(f"{escape(name)} {count(number)}" for name, number in sorted(counts.items()))
    out.line(
        f"{count(changed)} of {count(seen, 'scene')} would change{f': {fields}' if fields else ''}; nothing was sent."
    )
    return 0


def scene_lines(scene: PlannedScene, *, verbose: bool = True) -> Iterator[str]:
    """Yield one scene's difference, with - for what Plex shows and + for what is wanted."""
    if not verbose and not any(item.changes for item in scene.items):
        return
    yield f"[bold]scene {scene.scene}[/] {escape(scene.title)}"
    if scene.detail or not scene.items:
        yield f"  {escape(scene.state)}{f': {escape(scene.detail)}' if scene.detail else ''}"
    for item in scene.items:
        yield f"  item {escape(item.rating_key)} {escape(item.title)} in {escape(item.library)}"
        if not item.changes:
            yield "    as it should be"
        for change in item.changes:
            yield from _change(change)


def _change(change: Change) -> Iterator[str]:
    yield f"    {escape(change.field)}{f'  [dim]{escape(change.why)}[/]' if change.why else ''}"
    if isinstance(change.current, tuple) or isinstance(change.wanted, tuple):
        before, after = _entries(change.current), _entries(change.wanted)
        for entry in before:
            if entry not in after:
                yield f"    [red]- {escape(entry)}[/]"
        for entry in after:
            if entry not in before:
                yield f"    [green]+ {escape(entry)}[/]"
        return
    yield f"    [red]- {escape(value(change.current))}[/]"
    yield f"    [green]+ {escape(value(change.wanted))}[/]"


def _entries(shown: str | tuple[str, ...] | None) -> tuple[str, ...]:
    if isinstance(shown, str):
        return (shown,)
    return shown or ()
