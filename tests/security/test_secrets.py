"""A whole story with marked secrets, which then are nowhere: not in logs, topics, process lists, answers or URLs."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx
import pytest

from tests.mosquitto.client import Client
from tests.s2p.calling import s2p
from tests.tools.processes import children, printed, running
from tools.processes import Server, free_port, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tools.processes import Process

KEY: Final = "marked-stash-key-7f3a"
TOKEN: Final = "marked-plex-token-9b1c"
HOOK: Final = "marked-hook-secret-2d8e"
MARKS: Final = (KEY, TOKEN, HOOK)

pytestmark = pytest.mark.story


class Story:
    """An installation as ./run up makes it, with accounts, in which a little of everything goes wrong."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self.http = free_port(), free_port()
        arguments = ["--scenes", "8", "--api-key", KEY]
        self.stash = Server("stash", "simulators.stash", arguments, folder)
        self.plex = Server("plex", "simulators.plex", ["--token", TOKEN], folder)
        self.data = folder / "data"
        self.texts: dict[str, str] = {}

    def secret(self, name: str, text: str) -> str:
        """Put a secret into a file, as Docker does, and return where."""
        path = self.folder / name
        path.touch(0o600)
        path.write_text(f"{text}\n")
        return str(path)

    def env(self) -> Path:
        """Write the settings; all secrets but one are files."""
        path = self.folder / "env"
        path.write_text(
            f"S2P_STASH_URL={self.stash.url}\nS2P_STASH_API_KEY_FILE={self.secret('key', KEY)}\n"
            f"S2P_PLEX_URL={self.plex.url}\nS2P_PLEX_TOKEN_FILE={self.secret('token', TOKEN)}\n"
            f"S2P_HOOK_SECRET={HOOK}\nS2P_PATHS='/data=>/media'\nS2P_PROVIDER_PORT={self.http}\n"
            f"S2P_PROVIDER_URL=http://127.0.0.1:{self.http}\nS2P_LOG_LEVEL=debug\n"
            "S2P_STASH_POLL=0.5\nS2P_STASH_IDLE=0.5\n"
        )
        return path

    def ask(self, *arguments: str) -> None:
        """Call s2p, and keep what it said."""
        called = s2p(*arguments, "--data", str(self.data))
        self.texts[f"s2p {' '.join(arguments)}"] = called.out + called.err

    def get(self, path: str, **more: Any) -> None:
        """Ask the provider, and keep what it said."""
        method = "POST" if more else "GET"
        answer = httpx.request(method, f"http://127.0.0.1:{self.http}{path}", trust_env=False, timeout=30, **more)
        self.texts[f"{method} {path}"] = f"{answer.headers}\n{answer.text}"

    def control(self, server: Server, verb: str, **given: object) -> None:
        """Tell a simulator to do something."""
        httpx.post(f"{server.url}/control/{verb}", json=given, trust_env=False).raise_for_status()

    def passwords(self) -> list[str]:
        """Return the passwords of the broker's users."""
        return [path.read_text() for path in (self.data / "broker" / "passwords").iterdir()]


@contextmanager
def seen_in_process_lists(besides: set[int]) -> Iterator[dict[str, None]]:
    """Collect every command line on this machine, over and over, but those of the simulators, which are not ours."""
    found: dict[str, None] = {}
    stop = threading.Event()

    def look() -> None:
        while not stop.wait(0.02):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                if int(path.parent.name) not in besides:
                    try:
                        found[path.read_bytes().replace(b"\0", b" ").decode(errors="replace")] = None
                    except OSError:
                        continue

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield found
    finally:
        stop.set()
        looking.join()


def tell(story: Story, up: Process) -> None:
    """Let things happen: a load, edits, refusals, outages, requests, and questions over HTTP."""
    wait_until(lambda: "outcomes_loaded" in printed(up), "the services to work", seconds=60)
    scenes = httpx.get(f"{story.stash.url}/control/scenes", trust_env=False).json()
    files = [path.replace("/data/", "/media/", 1) for scene in scenes for path in scene["files"]]
    story.control(story.plex, "items", section="1", files=files)
    story.control(story.stash, "do", op="scene_update", id=1, fields={"title": "A title", "details": "Something."})
    for command in (["status"], ["doctor"], ["explain", "1"], ["plan", "1"], ["gaps"], ["register"], ["resync"]):
        story.ask(*command)
    for path in ("/", "/health", "/ready", "/gaps", "/library/metadata/1", "/library/metadata/1/images", "/nowhere"):
        story.get(path)
    story.get("/library/metadata/matches", json={"type": 1, "title": "A title", "filename": "/media/0.mp4"})
    story.get("/hooks/stash", json={"id": 1}, headers={"Authorization": "Bearer wrong"})
    story.control(story.plex, "fault", kind="unauthorized")
    story.control(story.stash, "do", op="scene_update", id=1, fields={"title": "Another", "details": "Something."})
    wait_until(lambda: "plex_away" in printed(up), "Plex's refusal to be told", seconds=60)
    story.control(story.stash, "fault", kind="401")
    wait_until(lambda: "stash_away" in printed(up), "Stash's refusal to be told", seconds=60)
    story.ask("doctor", "--timeout", "30")
    story.plex.stop()
    story.stash.stop()
    story.ask("doctor", "--timeout", "30")
    story.ask("status", "--json")


def test_a_secret_is_nowhere_but_in_its_place(tmp_path: Path) -> None:
    story = Story(tmp_path)
    with story.stash, story.plex:
        arguments = ["--env", str(story.env()), "--data", str(story.data), "--port", str(story.port)]
        with (
            seen_in_process_lists({story.stash.pid, story.plex.pid}) as lists,
            running("tools.up", *arguments, folder=tmp_path / "up") as up,
        ):
            reader = story.data / "broker" / "passwords" / "reader"
            wait_until(lambda: reader.exists() and "mosquitto listens" in printed(up), "the broker")
            with Client(story.port, "reader", reader.read_text()) as ear:
                ear.subscribe("#")
                tell(story, up)
                heard = list(ear.received)
            assert len(children(up.pid)) == 4
        log = printed(up)
    marks = [*MARKS, *story.passwords()]
    texts = [("log", log), *((f"process list: {line[:60]}", line) for line in lists), *story.texts.items(), *heard]
    assert len(heard) > 20
    assert any("services.plex_writer" in line for line in lists)
    assert [name for name, text in texts if any(mark in text for mark in marks)] == []


def test_files_with_secrets_are_closed_to_others(tmp_path: Path) -> None:
    story = Story(tmp_path)
    with story.stash, story.plex:
        arguments = ["--env", str(story.env()), "--data", str(story.data), "--port", str(story.port)]
        with running("tools.up", *arguments, folder=tmp_path / "up") as up:
            wait_until(lambda: "mosquitto listens" in printed(up), "the broker")
            passwords = story.passwords()
            files = [path for path in story.data.rglob("*") if path.is_file()]
            holders = [path for path in files if any(mark in path.read_text(errors="replace") for mark in passwords)]
            assert holders
            assert [str(path) for path in holders if path.stat().st_mode & 0o077] == []
