"""The checker is checked: each mutant is the product with one rule of its taken out, and a run has to catch it.

A mutant exists only as text, and as a copy of the tree in a folder that goes with it.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tools.processes import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable

PARTS: Final = ("common", "services", "simulators", "tools", "mosquitto")
LIMIT: Final = 180.0
CRASH_LINES: Final = 14
COUNTED: Final = ("lost", "stale", "overwritten", "stuck")
WRITER: Final = "services/plex_writer"
WATCHER: Final = "services/stash_watcher"


class Change(NamedTuple):
    """One text that takes the place of another, which stands exactly once in the file."""

    file: str
    old: str
    new: str


class Mutant(NamedTuple):
    """What it breaks, how, the faults (as for --only) and length of a run that shows it, and as what."""

    breaks: str
    changes: tuple[Change, ...]
    only: str
    shows: str
    minutes: float = 0.6
    seed: int = 3


class Caught(NamedTuple):
    """How a mutant's run ended: what it counted, after how many seconds; `error` when that proves nothing."""

    name: str
    found: dict[str, int]
    seconds: float
    error: str = ""

    @property
    def proven(self) -> bool:
        """Whether the checker saw what is broken, in time."""
        return not self.error and self.found[MUTANTS[self.name].shows] > 0 and self.seconds <= LIMIT


MUTANTS: Final[dict[str, Mutant]] = {
    "drop_message": Mutant(
        "acknowledges a message and does nothing with it",
        (
            Change(
                f"{WRITER}/writer.py",
                "self._dirty.mark(scene_id, live=not first_load)",
                "if first_load or scene_id % 5:\n                self._dirty.mark(scene_id, live=not first_load)",
            ),
        ),
        "stash.,provider.",
        "stale",
    ),
    "stale_payload": Mutant(
        "writes the payload that came first, not what the topic has when its turn comes",
        (
            Change(
                f"{WRITER}/writer.py",
                "            self._dirty.mark(scene_id, live=not first_load)\n",
                "            if scene_id not in self._dirty:\n"
                "                self._lane.kept[scene_id] = bytes(message.payload)\n"
                "                self._dirty.mark(scene_id, live=not first_load)\n",
            ),
            Change(
                f"{WRITER}/lane.py", "        self.writes = 0\n", "        self.writes = 0\n        self.kept = {}\n"
            ),
            Change(
                f"{WRITER}/lane.py",
                "        rows = await self._scenes.read(ticket.scene_id for ticket in tickets)\n",
                "        rows = await self._scenes.read(ticket.scene_id for ticket in tickets)\n"
                "        rows = {key: self.kept.pop(key, row) for key, row in rows.items()}\n",
            ),
        ),
        "plex.down,plex.503,plex.hang",
        "stale",
    ),
    "drop_dirty": Mutant(
        "drops what is dirty beyond a few scenes",
        (
            Change(
                f"{WRITER}/dirty.py",
                "        if entry is None:\n            look = look or scene_id in self._owed\n",
                "        if entry is None and live and len(self._live) > 3:\n            return\n"
                "        if entry is None:\n            look = look or scene_id in self._owed\n",
            ),
        ),
        "plex.slow",
        "lost",
    ),
    "lose_image": Mutant(
        "looks at a scene's cover once, and not when it changes",
        (
            Change(
                f"{WRITER}/pictures.py",
                "if image is None or image.shape != shape or not is_same_moment(image.checked, scene.updated_at):",
                "if image is None or image.shape != shape:",
            ),
        ),
        "bus-provider.",
        "stale",
    ),
    "skip_audit": Mutant(
        "does not ask whether a broker that is back still has what the watcher published",
        (Change(f"{WATCHER}/audit.py", "if await is_behind(", "if False and await is_behind("),),
        "broker.empty",
        "lost",
    ),
    "skip_own_audit": Mutant(
        "does not ask whether a broker that is back still has the writer's outcomes",
        (Change(f"{WRITER}/writer.py", "                    await self._audit()\n", "                    pass\n"),),
        "broker.empty",
        "stuck",
    ),
    "skip_compare": Mutant(
        "compares what is wanted with what was done, and marks nothing",
        (
            Change(
                f"{WRITER}/compare.py",
                "            self._dirty.mark(scene_id, live=False, look=True)\n",
                "",
            ),
        ),
        "writer.settings",
        "lost",
    ),
    "clear_foreign": Mutant(
        "takes a person's entries out of a list under merge",
        (Change(f"{WRITER}/plan.py", 'keeps_foreign = policy == "merge" or not wanted', "keeps_foreign = not wanted"),),
        "provider.",
        "overwritten",
    ),
    "undo_removal": Mutant(
        "puts back what a person took out of a list",
        (
            Change(
                f"{WRITER}/plan.py",
                'out = _taken_out(name, set(wanted) - there, ours) if locked and field.policy != "sync" else set()',
                "out: set[str] = set()",
            ),
            # what comes back within moments of the event that tells of it may have been on its way already, so that
            # nothing can be proved by it: only later edits may bring it back
            Change(f"{WRITER}/scout.py", "self._wake = wake", "self._wake = lambda _: None"),
        ),
        "provider.",
        "overwritten",
        1.0,
    ),
    "forget_intent": Mutant(
        "does not count what it had begun to write for its own",
        (Change(f"{WRITER}/plan.py", "_both(outcome.intent or {}, outcome.late or {})", "_digests({})"),),
        "writer.kill_in_put",
        "stale",
    ),
    "record_unseen": Mutant(
        "reports a write as done without comparing what Plex shows",
        (
            Change(
                f"{WRITER}/job.py",
                'plan.applied(target.edit, target.current, shown) != "all"',
                "False",
            ),
        ),
        "plex.swallowed",
        "lost",
    ),
    "skip_sweep": Mutant(
        "never compares all scenes by id and path",
        (
            Change(
                f"{WATCHER}/work.py",
                "    def _sweep_due(self, now: float) -> bool:\n",
                "    def _sweep_due(self, now: float) -> bool:\n        return False\n",
            ),
        ),
        "provider.",
        "stale",
    ),
    "lose_second_edit": Mutant(
        "takes a scene for done that changed again while it was written",
        (
            Change(
                f"{WRITER}/dirty.py",
                "        if entry.mark != ticket.mark:\n            self.send_back",
                "        if False:\n            self.send_back",
            ),
        ),
        "plex.slow",
        "stale",
    ),
}


def apply(changes: Iterable[Change], root: Path) -> None:
    """Make the changes in a copy of the tree; raises ValueError where a text does not stand exactly once."""
    for change in changes:
        path = root / change.file
        text = path.read_text()
        if text.count(change.old) != 1:
            raise ValueError(f"{change.file} has {text.count(change.old)} times: {change.old.strip()}")
        path.write_text(text.replace(change.old, change.new))


async def catch(name: str, scenes: int) -> Caught:
    """Run a mutant in a copy of the tree, and say whether the checker saw it."""
    mutant = MUTANTS[name]
    folder = Path(tempfile.mkdtemp(prefix="stash2plex-mutant-"))
    try:
        for part in PARTS:
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        apply(mutant.changes, folder)
        return await _run(name, mutant, folder, scenes)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _run(name: str, mutant: Mutant, folder: Path, scenes: int) -> Caught:
    options = {"minutes": mutant.minutes, "seed": mutant.seed, "scenes": scenes, "only": mutant.only}
    arguments = [word for key, value in options.items() for word in (f"--{key}", str(value))]
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": str(folder)}
    begun = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tools.chaos", "--json", *arguments, cwd=folder, env=env,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        answer, story = await process.communicate()
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
    seconds = round(time.monotonic() - begun, 1)
    return judged(name, process.returncode or 0, answer.decode(), story.decode(), seconds)


def judged(name: str, status: int, answer: str, story: str, seconds: float) -> Caught:
    """Say what a mutant's run proves; one that crashes proves nothing about the checker."""
    lines = story.splitlines()
    began = next((place for place, line in enumerate(lines) if line.startswith("ended by itself:")), len(lines))
    crash = "\n".join(lines[began : began + CRASH_LINES])
    if crash or status not in (0, 1) or not answer:
        return Caught(name, {}, seconds, crash or f"status {status}: {story[-2_000:]}")
    result: dict[str, Any] = json.loads(answer)
    return Caught(name, {kind: result[kind] for kind in COUNTED}, seconds)
