"""The arrows between modules point one way, pure modules are pure, and nothing happens when anything is imported."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from common.version import VERSION
from tests.imports import Module, modules_below

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).resolve().parent.parent
OURS = ("common", "services", "tools", "simulators")

# who may import whom; a service may import itself
ARROWS = {
    "common": {"common"},
    "services": {"common"},
    "tools": {"common", "tools"},
    "simulators": {"simulators"},
}
# foreign libraries of the services, and the only modules or packages that may know them
HOMES = {
    "paho": {"common.bus"},
    "aiomqtt": set(),
    "httpx": {"common.stash", "services.plex_writer.covers", "services.plex_writer.events"},
    "plexapi": {"services.plex_writer.plex"},
    "requests": {"services.plex_writer.plex"},
    "starlette": {"services.provider"},
    "uvicorn": {"services.provider"},
    "PIL": {"common.images"},
}
PURE = {
    "common.answers",
    "common.errors",
    "common.guids",
    "common.fields",
    "common.filters",
    "common.item",
    "common.messages",
    "common.options",
    "common.path_hint",
    "common.path_rule",
    "common.paths",
    "common.tally",
    "common.text",
    "common.topics",
    "common.version",
    "services.plex_writer.binding",
    "services.plex_writer.budget",
    "services.plex_writer.diff",
    "services.plex_writer.dirty",
    "services.plex_writer.forms",
    "services.plex_writer.gaps",
    "services.plex_writer.match",
    "services.plex_writer.notices",
    "services.plex_writer.outages",
    "services.plex_writer.pages",
    "services.plex_writer.photos",
    "services.plex_writer.pictures",
    "services.plex_writer.pace",
    "services.plex_writer.plan",
    "services.plex_writer.retry",
    "services.plex_writer.scans",
    "services.plex_writer.settle",
    "services.plex_writer.sightings",
    "services.plex_writer.waiting",
    "services.plex_writer.wire",
    "services.provider.catalog",
    "services.provider.document",
    "services.provider.entities",
    "services.provider.manifest",
    "services.provider.match",
    "services.provider.metadata",
    "services.provider.misses",
    "services.provider.packing",
    "services.provider.search",
    "services.provider.targets",
    "services.provider.trim",
    "services.stash_watcher.answers",
    "services.stash_watcher.changes",
    "services.stash_watcher.entities",
    "services.stash_watcher.observed",
    "services.stash_watcher.pulse",
    "services.stash_watcher.render",
    "services.stash_watcher.watermark",
}
# all that a pure module may import besides other pure ones: nothing here reads a clock, a file or a socket
HARMLESS = frozenset(
    [
        "__future__",
        "abc",
        "array",
        "base64",
        "bisect",
        "collections",
        "dataclasses",
        "datetime",
        "enum",
        "fractions",
        "functools",
        "hashlib",
        "heapq",
        "itertools",
        "json",
        "math",
        "msgspec",
        "operator",
        "re",
        "statistics",
        "string",
        "types",
        "typing",
        "unicodedata",
        "urllib.parse",
        "xml.etree.ElementTree",
        "zlib",
    ]
)
IMPURE_CALLS = {"open", "print", "input", "exec", "eval", "__import__", "breakpoint"}
CLOCKS = (".now", ".utcnow", ".today", ".time", ".monotonic", ".perf_counter")


def violations(modules: Mapping[str, Module]) -> list[str]:
    """Return every breach of the rules as `module: what it does`."""
    said = {name for name, module in modules.items() if module.is_pure and name.startswith(("common", "services"))}
    pure = PURE | said
    found: list[str] = []
    for name, module in modules.items():
        breaches = [*_arrows(module), *_homes(module), *module.at_import()]
        if name in pure:
            breaches += _impure(module, pure)
        found += [f"{name}: {breach}" for breach in breaches]
    return found


def _arrows(module: Module) -> Iterator[str]:
    side, *rest = module.name.split(".")
    own = f"services.{rest[0]}" if side == "services" and rest else side
    for target in sorted(module.imports()):
        top = target.split(".")[0]
        if top == "":
            yield f"imports {target} relatively"
        elif top in {*OURS, "tests", "benchmarks"} and top not in ARROWS[side] and not _within(target, own):
            yield f"imports {target}"
    if hidden := module.calls() & {"importlib.import_module", "import_module", "__import__"}:
        yield f"imports what no one can see by {min(hidden)}"


def _homes(module: Module) -> Iterator[str]:
    if not module.name.startswith(("common", "services")):
        return
    for target in sorted({target.split(".")[0] for target in module.imports()} & HOMES.keys()):
        if not any(_within(module.name, home) for home in HOMES[target]):
            yield f"imports {target}"


def _impure(module: Module, pure: set[str]) -> Iterator[str]:
    """Yield what a pure module uses besides other pure modules and what is harmless; types are no use."""
    allowed = pure | HARMLESS
    for target in sorted(module.imports(at_run_time=True)):
        leads_there = any(one.startswith(f"{target}.") for one in allowed)
        if not (leads_there or any(_within(target, one) for one in allowed)):
            yield f"is pure and imports {target}"
    for call in sorted(module.calls()):
        if call in IMPURE_CALLS or call.endswith(CLOCKS):
            yield f"is pure and calls {call}"


def _within(name: str, home: str) -> bool:
    return name == home or name.startswith(f"{home}.")


def test_the_project_keeps_its_rules() -> None:
    modules = modules_below(ROOT, *OURS)
    assert len(modules) > 50
    assert modules.keys() >= PURE
    assert violations(modules) == []


@pytest.mark.parametrize(
    ("name", "source", "breach"),
    [
        ("common.x", "import services.provider.app", "imports services.provider.app"),
        ("common.x", "from services import provider", "imports services"),
        ("common.x", "def f():\n    from tools import processes", "imports tools"),
        ("services.a.x", "from services.b import y", "imports services.b"),
        ("services.a.x", "from services.ab import y", "imports services.ab"),
        ("services.a.x", "from services.a import y", ""),
        ("services.a.x", "from common.item import Item", ""),
        ("services.a.x", "import simulators.serve", "imports simulators.serve"),
        ("services.a.x", "from tests.waiting import until", "imports tests.waiting"),
        (
            "services.a.x",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from services.b import y",
            "imports services.b",
        ),
        ("services.a.x", "from .. import b", "imports .. relatively"),
        ("services.a.x", "import importlib\nimportlib.import_module('services.b')", "imports what no one can see"),
        ("tools.x", "from common.topics import Topics", ""),
        ("tools.x", "from services.provider import app", "imports services.provider"),
        ("simulators.x", "from common import topics", "imports common"),
        ("simulators.x", "import services", "imports services"),
        ("common.x", "from paho.mqtt.client import Client", "imports paho"),
        ("common.bus", "from paho.mqtt.client import Client", ""),
        ("services.a.x", "def f():\n    import httpx", "imports httpx"),
        ("common.stash", "import httpx", ""),
        ("services.plex_writer.lane", "from plexapi.server import PlexServer", "imports plexapi"),
        ("services.plex_writer.plex", "from plexapi.server import PlexServer", ""),
        ("services.plex_writer.plexer", "from plexapi.server import PlexServer", "imports plexapi"),
        ("common.x", "from starlette.requests import Request", "imports starlette"),
        ("services.provider.app", "from starlette.requests import Request", ""),
        ("simulators.x", "from starlette.requests import Request", ""),
        ("services.a.x", "import aiomqtt", "imports aiomqtt"),
        ("common.item", "import os", "is pure and imports os"),
        ("common.item", "import asyncio", "is pure and imports asyncio"),
        ("common.item", "from urllib.request import urlopen", "is pure and imports urllib.request"),
        ("common.item", "from urllib.parse import quote", ""),
        ("common.item", "from common.bus import Bus", "is pure and imports common.bus"),
        ("common.item", "from common import text, messages", ""),
        ("common.item", "from common import text, bus", "is pure and imports common.bus"),
        ("common.item", "def f():\n    return open('x').read()", "is pure and calls open"),
        (
            "common.item",
            "import datetime as dt\ndef f():\n    return dt.datetime.now()",
            "is pure and calls dt.datetime.now",
        ),
        ("services.a.x", '"""Decides. Pure."""\nimport time', "is pure and imports time"),
        ("services.a.x", '"""Impurely done."""\nimport time', ""),
        ("common.x", "print('loaded')", "line 1: print('loaded')"),
        ("common.x", "x = 1\nfor n in range(3):\n    x += n", "line 2: for n in range(3):"),
        ("common.x", "try:\n    import uvloop\nexcept ImportError:\n    uvloop = None", "line 1: try:"),
        ("common.x", "with open('x') as file:\n    x = file.read()", "line 1: with open('x') as file:"),
        ("common.x", "class A:\n    import_time = 1\n    print(import_time)", "line 3: print(import_time)"),
        ("common.x", "import sys\nif sys.platform:\n    print()", "line 3: print()"),
        ("common.x", "x: int = 1\nx += 1", "line 2: x += 1"),
        ("common.x", 'def main():\n    pass\nif __name__ == "__main__":\n    main()', ""),
    ],
)
def test_a_planted_breach_is_found(name: str, source: str, breach: str) -> None:
    found = violations({name: Module(name, source)})
    assert bool(found) == bool(breach)
    assert not breach or any(one.startswith(f"{name}: {breach}") for one in found)


PROBE = """
import importlib, sys, threading

def happened(what):
    sys.stderr.write(f"{name}: {what}\\n")
    raise SystemExit(3)

def watch(event, arguments):
    writes = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
    if writes or event.startswith(("socket.", "subprocess.", "os.", "shutil.", "tempfile.")) and event not in HARMLESS:
        happened(f"{event} {arguments}")

HARMLESS = {"os.listdir", "os.scandir", "socket.__new__"}
sys.path.insert(0, sys.argv[1])
names = sys.argv[2:]
for name in names:
    importlib.import_module(name)  # so that what foreign libraries do when they are imported is over
for name in names:
    sys.modules.pop(name, None)
threading.Thread.start = lambda thread: happened("starts a thread")
sys.addaudithook(watch)
for name in names:
    importlib.import_module(name)
"""


def imported(root: Path, *names: str) -> subprocess.CompletedProcess[str]:
    """Import modules in a process of its own, which ends at the first thing that happens."""
    command = [sys.executable, "-B", "-c", PROBE, str(root), *names]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("S2P_")}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=clean, timeout=60)


def test_importing_every_module_opens_writes_connects_and_starts_nothing() -> None:
    """Seen by the interpreter itself, so whatever a call at the top of a module leads to counts as well."""
    done = imported(ROOT, *modules_below(ROOT, "common", "services", "tools", "simulators"))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    "source",
    [
        "import socket\nx = socket.socket()\ny = x.bind(('127.0.0.1', 0))",
        "import threading\nx = threading.Thread(target=print)\ny = x.start()",
        "import subprocess\nx = subprocess.run(['true'])",
        "from pathlib import Path\nx = Path(__file__).with_suffix('.out').write_text('x')",
    ],
)
def test_a_module_that_does_something_is_caught(tmp_path: Path, source: str) -> None:
    (tmp_path / "planted.py").write_text(source)
    done = imported(tmp_path, "planted")
    assert done.returncode == 3
    assert done.stderr.startswith("planted: ")


def test_the_version_is_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == VERSION
