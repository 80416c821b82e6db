"""Pictures kept in a folder, the ones not asked for longest given up first when it is full.

Each file has a line of JSON, then the picture, so that a restart finds again what it had. What was found to be no
picture is remembered without a file. A disk that is full or read-only costs the keeping, never an answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import tempfile
from collections import OrderedDict
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
import structlog

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ENTRIES: Final = 200_000
CHUNK: Final = 256 * 1024
HEAD: Final = 4_096

_NAME: Final = re.compile(r"[a-z]+-[0-9]{1,18}(?:-[a-z]+)?\.picture")

log = structlog.get_logger("cache")


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one picture.

    `etag` is ours and empty where there is no picture, for the reason in `why`. `source` is Stash's ETag and `version`
    what the scene or performer said of itself when Stash was asked; `at` is when, in seconds since 1970.
    """

    etag: str = ""
    media_type: str = ""
    size: int = 0
    source: str = ""
    version: str = ""
    at: float = 0.0
    why: str = ""


class Cache:
    """At most `limit` bytes of pictures below a folder, or below one that is made and removed again."""

    def __init__(self, folder: str, limit: int) -> None:
        self._given = Path(folder) if folder else None
        self._folder = Path()
        self._limit = limit
        self._bytes = 0
        self._entries: OrderedDict[str, Entry] = OrderedDict()
        self._stack = contextlib.ExitStack()
        self._complained = False

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def size(self) -> int:
        """How many bytes are kept."""
        return self._bytes

    async def open(self) -> None:
        """Make the folder ready and find again what is in it."""
        try:
            found = await asyncio.to_thread(self._open)
        except OSError as error:
            self._complain(error)
            return
        for key, entry in found:
            self._note(key, entry)
        await self._shrink()

    async def close(self) -> None:
        """Remove the folder if nobody asked for it."""
        await asyncio.to_thread(self._stack.close)

    def find(self, key: str) -> Entry | None:
        """Return what is known of a picture."""
        entry = self._entries.get(key)
        if entry is not None:
            self._entries.move_to_end(key)
        return entry

    def prove(self, key: str, entry: Entry) -> None:
        """Know more of a picture whose bytes stay the same, or that there is none."""
        self._note(key, entry)

    async def keep(self, key: str, entry: Entry, content: bytes) -> None:
        """Keep a picture."""
        try:
            await asyncio.to_thread(self._write, key, msgspec.json.encode(entry) + b"\n" + content)
        except OSError as error:
            self._complain(error)
            return
        self._note(key, entry)
        await self._shrink()

    async def read(self, key: str) -> AsyncIterator[bytes] | None:
        """Return a kept picture in pieces, whole even if it is given up meanwhile; None when it is there no more."""
        try:
            return await asyncio.to_thread(self._begin, key)
        except OSError:
            self._forget(key)
            return None

    def _open(self) -> list[tuple[str, Entry]]:
        if self._given is None:
            self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="stash2plex-")))
            return []
        self._folder = self._given
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = []
        for path in sorted(self._folder.iterdir(), key=lambda path: path.stat().st_mtime):
            if _NAME.fullmatch(path.name):
                entry = _entry(path)
                if entry is None:
                    path.unlink(missing_ok=True)
                else:
                    found.append((path.stem, entry))
        return found

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.picture"

    def _write(self, key: str, content: bytes) -> None:
        if self._folder == Path():
            raise OSError("the folder could not be made")
        path = self._path(key)
        unfinished = path.with_suffix(".part")
        unfinished.write_bytes(content)
        unfinished.replace(path)

    def _begin(self, key: str) -> _Pieces:
        file = FileIO(self._path(key))
        first = file.read(CHUNK) or b""
        head, _, content = first.partition(b"\n")
        if not head.startswith(b"{"):
            raise OSError(f"{key} is damaged")
        return _Pieces(file, content)

    def _note(self, key: str, entry: Entry) -> None:
        self._forget(key)
        self._entries[key] = entry
        self._bytes += entry.size

    def _forget(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        self._bytes -= entry.size if entry else 0

    async def _shrink(self) -> None:
        gone = []
        while self._entries and (self._bytes > self._limit or len(self._entries) > ENTRIES):
            key = next(iter(self._entries))
            self._forget(key)
            gone.append(self._path(key))
        if gone:
            await asyncio.to_thread(_remove, gone)

    def _complain(self, error: OSError) -> None:
        if not self._complained:
            self._complained = True
            log.warning(
                "cache_unusable",
                folder=str(self._given or self._folder),
                why=str(error),
                effect="pictures are fetched from Stash each time",
                hint="S2P_PROVIDER_CACHE names a folder that the provider may write to",
            )


def _remove(paths: list[Path]) -> None:
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def _entry(path: Path) -> Entry | None:
    try:
        with path.open("rb") as file:
            head = file.readline(HEAD)
        entry = msgspec.json.decode(head, type=Entry)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    return entry if path.stat().st_size == len(head) + entry.size else None


class _Pieces:
    """The rest of an open file in pieces; it is closed at its end, or with this object."""

    def __init__(self, file: FileIO, first: bytes) -> None:
        self._file = file
        self._next = first

    def __del__(self) -> None:
        self._file.close()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        piece = self._next
        if not piece:
            raise StopAsyncIteration
        self._next = await asyncio.to_thread(self._file.read, CHUNK) or b""
        return piece
