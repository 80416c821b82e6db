"""`s2p backup` and `restore`: what can't be rebuilt from Stash and Plex, in one file of JSON lines.

That is what we wrote (`wrote` in outcomes), pins, and the outage history. The first line says what the file is, the
last how many rows it has, so that a file that was cut short is noticed.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from common import messages
from common.errors import Undecodable
from common.messages import Outages, Outcome, WriterInfo
from common.topics import Topics, row_id
from tools.s2p.bus import name_of
from tools.s2p.forget import be_offline
from tools.s2p.out import escape
from tools.s2p.trouble import Trouble
from tools.s2p.words import count

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from tools.s2p.bus import Bus
    from tools.s2p.out import Out

FORMAT: Final = "stash2plex backup"
VERSION: Final = 1
TOLD_EVERY: Final = 5_000
# below the ten at which aiomqtt begins to warn of calls that wait
AT_ONCE: Final = 10
OUTAGES: Final = "outages"
# what stands for standard input and output, for a container that has no folder of the host
STANDARD: Final = "-"


async def backup(bus: Bus, out: Out, options: Namespace) -> int:
    """Write the file, readable by its owner alone, or nothing."""
    topics, target = Topics(bus.mqtt.base), Path(options.file)
    expected = await _expected(bus, topics, options.name)
    folder = Path(tempfile.gettempdir()) if options.file == STANDARD else target.parent
    draft = folder / f".{target.name}.{os.getpid()}.part"
    try:
        with _private(draft) as file:
            rows = await _write(bus, topics, options.name, file)
        if expected is not None and rows < expected:
            raise Trouble(
                f"Only {count(rows)} of {count(expected, 'outcome')} came, so no backup was made: the broker leaves "
                "rows out (max_queued_messages), or the writer is at work. Try again when nothing is pending."
            )
        if options.file == STANDARD:
            with draft.open(encoding="utf-8") as file:
                shutil.copyfileobj(file, sys.stdout)
            return 0
        draft.replace(target)
    except OSError as error:
        raise Trouble(f"{target} can't be written: {error.strerror}.") from error
    finally:
        draft.unlink(missing_ok=True)
    out.data({"file": str(target), "outcomes": rows})
    out.line(f"Saved {count(rows, 'outcome')} of Plex {escape(options.name)} in {escape(str(target))}.")
    return 0


async def restore(bus: Bus, out: Out, options: Namespace) -> int:
    """Put a backup back on a broker that has none of it; outcomes that are there stay unless `--replace`."""
    topics = Topics(bus.mqtt.base)
    rows = _read(options.file)
    await be_offline(bus, topics, options.name, "restore")
    there: set[str] = set()
    await bus.stream(lambda topic, _: there.add(topic), f"{topics.outcomes(options.name)}/+")
    if there and not options.replace:
        raise Trouble(
            f"The broker at {name_of(bus.mqtt)} has {count(len(there), 'outcome')} of Plex {options.name} already, "
            "which are newer than the backup. --replace puts the backup's in their place."
        )
    prefix = f"{topics.base}/plex/{options.name}"
    for start in range(0, len(rows), AT_ONCE):
        await asyncio.gather(
            *(bus.put(f"{prefix}/{leaf}", row, retain=True) for leaf, row in rows[start : start + AT_ONCE])
        )
        if start and start % TOLD_EVERY == 0:
            out.say(f"{count(start)} of {count(len(rows), 'topic')}")
    restored = len(rows)
    await _be_kept(bus, topics, options.name, rows)
    out.data({"file": options.file, "topics": restored})
    out.line(f"Restored {count(restored, 'topic')}. Start plex_writer now; it compares everything before it writes.")
    return 0


def _private(path: Path) -> IO[str]:
    """Open a file that only its owner can read, from its first byte on."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8")


async def _expected(bus: Bus, topics: Topics, name: str) -> int | None:
    topic = topics.plex(name, "info")
    payload = (await bus.read(topic)).get(topic)
    if payload is None:
        raise Trouble(f"There is no Plex {name} on the broker at {name_of(bus.mqtt)}; --name says another.")
    try:
        return messages.decode(WriterInfo, payload).outcomes
    except Undecodable:
        return None


async def _write(bus: Bus, topics: Topics, name: str, file: IO[str]) -> int:
    """Write every row as it comes, without keeping it; return how many outcomes there were."""
    rows = [0]
    prefix = f"{topics.base}/plex/{name}/"

    def take(topic: str, payload: bytes) -> None:
        if payload:
            leaf = topic.removeprefix(prefix)
            rows[0] += leaf != OUTAGES
            # a line's end in JSON is only ever blank, and would end the row
            row = payload.decode().replace("\r", " ").replace("\n", " ")
            file.write(f'{{"topic":"{leaf}","payload":{row}}}\n')

    _line(
        file, {"what": FORMAT, "v": VERSION, "name": name, "at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds")}
    )
    await bus.stream(take, f"{topics.outcomes(name)}/+")
    await bus.stream(take, topics.plex(name, OUTAGES))
    _line(file, {"outcomes": rows[0]})
    return rows[0]


def _line(file: IO[str], row: dict[str, Any]) -> None:
    file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")


def _read(name: str) -> list[tuple[str, bytes]]:
    """Return the rows of a whole backup; raises Trouble naming the line that is none."""
    try:
        if name == STANDARD:
            return list(_rows("standard input", sys.stdin))
        with Path(name).open(encoding="utf-8") as file:
            return list(_rows(name, file))
    except (OSError, UnicodeDecodeError) as error:
        raise Trouble(f"{name} can't be read: {error}.") from error


def _rows(path: str, file: IO[str]) -> Iterator[tuple[str, bytes]]:
    head = _json(path, 1, next(file, ""))
    if head.get("what") != FORMAT or head.get("v") != VERSION:
        raise Trouble(f"{path} is no backup that this version of s2p can read.")
    counted, end = 0, None
    for number, text in enumerate(file, 2):
        row = _json(path, number, text)
        if "topic" not in row:
            end = row.get("outcomes")
            continue
        leaf = str(row["topic"])
        counted += leaf != OUTAGES
        yield leaf, _payload(path, number, leaf, row.get("payload"))
    if end != counted:
        raise Trouble(f"{path} was cut short: it has {count(counted, 'outcome')}, and its last line says {end}.")


def _payload(path: str, number: int, leaf: str, row: object) -> bytes:
    payload = json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode()
    try:
        outcome = None if leaf == OUTAGES else messages.decode(Outcome, payload)
        if outcome is None:
            messages.decode(Outages, payload)
    except Undecodable as error:
        raise Trouble(f"{path}, line {number} has no outcome that can be read: {error}.") from error
    if outcome is not None and row_id("scene", leaf) != outcome.id:
        raise Trouble(f"{path}, line {number} has the outcome of scene {outcome.id} as {leaf}.")
    return payload


def _json(path: str, number: int, text: str) -> dict[str, Any]:
    try:
        row = json.loads(text)
    except ValueError as error:
        raise Trouble(f"{path}, line {number} is no JSON; is it a backup of s2p?") from error
    return row if isinstance(row, dict) else {}


async def _be_kept(bus: Bus, topics: Topics, name: str, rows: list[tuple[str, bytes]]) -> None:
    """Raise Trouble unless the broker has what it was given: a denied publication is told to nobody."""
    there: set[str] = set()
    await bus.stream(lambda topic, _: there.add(topic), f"{topics.outcomes(name)}/+", topics.plex(name, OUTAGES))
    missing = {f"{topics.base}/plex/{name}/{leaf}" for leaf, _ in rows} - there
    if missing:
        raise Trouble(
            f"The broker did not take {count(len(missing), 'topic')}: {bus.mqtt.user or 'this connection'} may not "
            f"write {topics.base}/plex/#. Use the account operator."
        )
