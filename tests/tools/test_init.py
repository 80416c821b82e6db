"""init against simulated servers: what it asks, what it refuses, and what it leaves behind."""

from __future__ import annotations

import http.server
import os
import pty
import re
import stat
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from dotenv import dotenv_values
from plexapi.myplex import MyPlexPinLogin

from tools.init import file, plex
from tools.init.paths import Proposal, proposal
from tools.processes import ROOT, Server
from tools.up.settings import mistakes, settings_from

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Server]]:
    """A Stash with a key, and a Plex that has its files under another folder."""
    folder = tmp_path_factory.mktemp("servers")
    with (
        Server("stash", "simulators.stash", ["--scenes", "20", "--api-key", "marked-key"], folder) as stash,
        Server("plex", "simulators.plex", ["--token", "marked-token", "--library", "Movies=/media"], folder) as there,
    ):
        scenes = httpx.get(f"{stash.url}/control/scenes").json()
        files = [path.replace("/data/", "/media/", 1) for scene in scenes for path in scene["files"]]
        httpx.post(f"{there.url}/control/items", json={"section": "1", "files": files}).raise_for_status()
        yield stash, there


def init(servers: tuple[Server, Server], env: Path, *options: str, **secrets: str) -> subprocess.CompletedProcess[str]:
    stash, there = servers
    command = [sys.executable, "-m", "tools.init", "--env", str(env), "--stash-url", stash.url, "--plex-url", there.url]
    clean = {name: text for name, text in os.environ.items() if not name.startswith("S2P_")}
    return subprocess.run(
        [*command, "--yes", *options], cwd=ROOT, env={**clean, **secrets}, capture_output=True, text=True, check=False
    )


SECRETS = {"S2P_STASH_API_KEY": "marked-key", "S2P_PLEX_TOKEN": "marked-token"}


def test_what_it_writes_is_complete_private_and_right(servers: tuple[Server, Server], tmp_path: Path) -> None:
    env = tmp_path / ".env"
    done = init(servers, env, **SECRETS)
    assert done.returncode == 0, done.stdout + done.stderr
    assert stat.S_IMODE(env.stat().st_mode) == 0o600
    written = dotenv_values(env, interpolate=False)
    assert written["S2P_PATHS"] == "/data=>/media"
    assert written["S2P_STASH_URL"] == servers[0].url.replace("127.0.0.1", "host.docker.internal")
    assert (written["S2P_STASH_API_KEY"], written["S2P_PLEX_TOKEN"]) == ("marked-key", "marked-token")
    passwords = {written[name] for name in ("BROKER_READER_PASSWORD", "BROKER_OPERATOR_PASSWORD", "S2P_HOOK_SECRET")}
    assert len(passwords) == 3
    assert all(len(str(password)) == 48 for password in passwords)
    assert mistakes(settings_from(written, {}, resolves=False)) == []
    assert "20 scenes in /data" in done.stdout
    assert re.search(r"(\d+) of \1 files looked at are in Plex", done.stdout)
    assert "marked" not in done.stdout + done.stderr


def test_a_file_that_is_there_stays_as_it_is(servers: tuple[Server, Server], tmp_path: Path) -> None:
    env = tmp_path / ".env"
    env.write_text("mine")
    assert init(servers, env, **SECRETS).returncode == 2
    assert env.read_text() == "mine"
    with pytest.raises(FileExistsError):
        file.write(env, "other")


@pytest.mark.parametrize(
    ("secrets", "status", "said"),
    [
        ({"S2P_PLEX_TOKEN": "marked-token"}, 1, "S2P_STASH_API_KEY"),
        ({"S2P_STASH_API_KEY": "marked-wrong", "S2P_PLEX_TOKEN": "marked-token"}, 1, "S2P_STASH_API_KEY"),
        ({"S2P_STASH_API_KEY": "marked-key", "S2P_PLEX_TOKEN": "marked-wrong"}, 1, "refuses the token"),
        ({"S2P_STASH_API_KEY": "marked-key"}, 2, "S2P_PLEX_TOKEN"),
    ],
)
def test_a_wrong_or_missing_secret_is_named_and_nothing_is_written(
    servers: tuple[Server, Server], tmp_path: Path, secrets: dict[str, str], status: int, said: str
) -> None:
    env = tmp_path / ".env"
    done = init(servers, env, **secrets)
    assert (done.returncode, env.exists()) == (status, False), done.stdout
    assert said in done.stdout
    assert "marked" not in done.stdout + done.stderr


def test_servers_that_are_not_there_and_libraries_that_plex_has_not_are_named(
    servers: tuple[Server, Server], tmp_path: Path
) -> None:
    env = tmp_path / ".env"
    assert "can't be reached" in init(servers, env, "--stash-url", "http://127.0.0.1:9", **SECRETS).stdout
    assert "does not answer at" in init(servers, env, "--plex-url", "http://127.0.0.1:9", **SECRETS).stdout
    assert "has no movie library Films; it has Movies" in init(servers, env, "--libraries", "Films", **SECRETS).stdout
    assert not env.exists()


def test_a_person_is_asked_until_the_answers_work(servers: tuple[Server, Server], tmp_path: Path) -> None:
    """At a real terminal; keys are not shown, and a wrong one is asked for again."""
    stash, there = servers
    env = tmp_path / ".env"
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "tools.init", "--env", str(env)]
    clean = {name: text for name, text in os.environ.items() if not name.startswith("S2P_")}
    with subprocess.Popen(
        command, cwd=ROOT, env=clean, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ) as asking:
        os.close(theirs)
        dialogue = Dialogue(ours)
        dialogue.answer("Address of Stash", stash.url)
        dialogue.answer("API key of Stash", "wrong")
        dialogue.answer("Address of Stash", "")
        dialogue.answer("API key of Stash", "marked-key")
        dialogue.answer("Sign in to Plex with a PIN", "n")
        dialogue.answer("Address of Plex", there.url)
        dialogue.answer("X-Plex-Token", "marked-token")
        dialogue.answer("Path rules", "")
        assert asking.wait(30) == 0
    os.close(ours)
    assert dotenv_values(env)["S2P_PATHS"] == "/data=>/media"
    assert "marked" not in dialogue.seen


class Dialogue:
    """The other side of a terminal: waits for a question, then types the answer."""

    def __init__(self, descriptor: int) -> None:
        self.seen = ""
        self._descriptor = descriptor
        self._from = 0

    def answer(self, question: str, text: str) -> None:
        """Wait until the question is on the screen, and type."""
        while (place := self.seen.find(question, self._from)) < 0 or not self.seen[place:].rstrip("\r\n").endswith(
            ": "
        ):
            self.seen += os.read(self._descriptor, 1_000).decode()
        self._from = len(self.seen)
        os.write(self._descriptor, f"{text}\n".encode())


class PlexTv(http.server.BaseHTTPRequestHandler):
    """plex.tv's PINs: the first look finds the PIN not entered yet."""

    looks = 0

    def do_POST(self) -> None:
        self._send('<pin id="7" code="ABCD"/>')

    def do_GET(self) -> None:
        type(self).looks += 1
        self._send(f'<pin id="7" code="ABCD" authToken="{"the-token" if self.looks > 1 else ""}"/>')

    def _send(self, xml: str) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(xml.encode())

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def test_signing_in_shows_the_pin_and_brings_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), PlexTv) as there:
        threading.Thread(target=there.serve_forever, daemon=True).start()
        monkeypatch.setattr(MyPlexPinLogin, "PINS", f"http://127.0.0.1:{there.server_port}/pins")
        monkeypatch.setattr(plex, "LOOK_EVERY", 0.01)
        monkeypatch.setattr(plex, "_servers", lambda token: {"Home": f"http://home/{token}"})
        said: list[str] = []
        assert plex.sign_in(said.append) == ("the-token", {"Home": "http://home/the-token"})
        there.shutdown()
    assert said == ["Open https://plex.tv/link, sign in, and enter  ABCD"]


@pytest.mark.parametrize(
    ("paths", "there", "folders", "locations", "expected"),
    [
        (["/d/a.mp4"], ["/d/a.mp4"], ["/d"], ["/d"], Proposal("", 1, 1)),
        (["/d/a.mp4"], ["/m/a.mp4"], ["/d"], ["/m"], Proposal("/d=>/m", 1, 1)),
        (["/d/x/a.mp4", "/e/x/b.mp4"], ["/m/x/a.mp4", "/n/x/b.mp4"], [], [], Proposal("/d=>/m; /e=>/n", 2, 2)),
        ([], [], ["/data"], ["/media"], Proposal("/data=>/media", 0, 0)),
        (["/d/a.mp4"], ["/m/z.mp4"], ["/d", "/e"], ["/m"], Proposal("", 0, 1)),
    ],
)
def test_rules_are_proposed_from_files_that_both_have(
    paths: list[str], there: list[str], folders: list[str], locations: list[str], expected: Proposal
) -> None:
    assert proposal(folders, paths, there, locations) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://localhost:9999", "http://host.docker.internal:9999"),
        ("http://127.0.0.1/stash", "http://host.docker.internal/stash"),
        ("http://[::1]:9999", "http://host.docker.internal:9999"),
        ("https://nas.lan:9999", "https://nas.lan:9999"),
    ],
)
def test_loopback_is_written_as_what_a_container_calls_this_machine(url: str, expected: str) -> None:
    assert file.portable(url) == expected


def test_a_value_that_no_reader_takes_the_same_way_is_refused() -> None:
    assert file.quoted("a $b # c") == "'a $b # c'"
    with pytest.raises(ValueError, match=r"\.env"):
        file.quoted("it's")
