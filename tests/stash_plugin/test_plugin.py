"""The plugin as Stash runs it: a process of its own, JSON on its input, and a provider that may be anything."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from simulators.stash.hooks import cookie
from stash_plugin.stash2plex import event_of, settings_in

if TYPE_CHECKING:
    from collections.abc import Iterator

PLUGIN = Path(__file__).resolve().parents[2] / "stash_plugin"
SECRET = "a secret: with 'quotes', \"more\" and # signs"


class Provider(ThreadingHTTPServer):
    """Notes what it is told, and answers as a test wants it to."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.heard: list[dict[str, Any]] = []
        self.status, self.answer = 202, b'{"asked":1,"lines":[]}'

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Provider

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.heard.append({"path": self.path, "headers": dict(self.headers), "body": body})
        self.send_response(self.server.status)
        self.send_header("content-length", str(len(self.server.answer)))
        self.end_headers()
        self.wfile.write(self.server.answer)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def provider() -> Iterator[Provider]:
    """Give a provider that listens."""
    with Provider() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def given(folder: Path, **context: Any) -> dict[str, Any]:
    """Return what Stash writes to the plugin's input for an event."""
    connection = {
        "Scheme": "http", "Host": "0.0.0.0", "Port": 9999, "SessionCookie": cookie("a live login"),
        "Dir": str(folder), "PluginDir": str(folder),
    }  # fmt: skip
    return {"server_connection": connection, "args": {"hookContext": context}}


def config(folder: Path, url: str, secret: str = SECRET) -> None:
    """Write Stash's config.yml with the plugin's settings in it."""
    kept = {
        "database": "x",
        "plugins": {"settings": {"other": {"url": "no"}, "stash2plex": {"url": url, "secret": secret}}},
    }
    (folder / "config.yml").write_text(yaml.safe_dump(kept, indent=4))


def run(stdin: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the plugin as its yml says."""
    exec_ = yaml.safe_load((PLUGIN / "stash2plex.yml").read_text())["exec"]
    command = [part.replace("{pluginDir}", str(PLUGIN)) for part in exec_]
    text = stdin if isinstance(stdin, str) else json.dumps(stdin)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("S2P_", "STASH_"))}
    return subprocess.run(
        [sys.executable, *command[1:]],
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**kept, **environment},
    )


def test_an_event_is_told_with_the_secret_and_without_the_login(tmp_path: Path, provider: Provider) -> None:
    config(tmp_path, provider.url + "/")
    cover = {"title": "private", "cover_image": "data:image/png;base64,AAAA"}
    done = run(given(tmp_path, id=17, type="Scene.Update.Post", input=cover, inputFields=["title", "cover_image"]))
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {"output": "told"}
    heard = provider.heard[0]
    assert heard["path"] == "/hooks/stash"
    assert heard["headers"]["Authorization"] == f"Bearer {SECRET}"
    assert json.loads(heard["body"]) == {"type": "Scene.Update.Post", "id": 17, "inputFields": ["title", "cover_image"]}
    assert not {name.lower() for name in heard["headers"]} & {"cookie", "apikey", "x-forwarded-for"}
    assert "a live login" not in str(heard)
    assert "private" not in str(heard)


def test_the_environment_comes_before_the_settings(tmp_path: Path, provider: Provider) -> None:
    config(tmp_path, "http://127.0.0.1:1", "other")
    (tmp_path / "secret").write_text("from a file\n")
    run(
        given(tmp_path, id=1, type="Tag.Update.Post"),
        S2P_PROVIDER_URL=provider.url,
        S2P_HOOK_SECRET_FILE=str(tmp_path / "secret"),
    )
    assert provider.heard[0]["headers"]["Authorization"] == "Bearer from a file"


def test_a_task_shows_its_answer_in_stashs_log(tmp_path: Path, provider: Provider) -> None:
    config(tmp_path, provider.url)
    provider.answer = b'{"asked":2,"lines":["the watcher: resync is done","the writer of plex: resync has begun"]}'
    stdin = given(tmp_path)
    stdin["args"] = {"task": "sync"}
    done = run(stdin)
    assert done.returncode == 0
    assert done.stderr == "\x01i\x02the watcher: resync is done\n\x01i\x02the writer of plex: resync has begun\n"
    assert json.loads(provider.heard[0]["body"]) == {"task": "sync"}


@pytest.mark.parametrize(
    ("status", "answer"),
    [(401, b'{"status":401,"error":"not the secret"}'), (500, b"no JSON"), (200, b"<html>"), (202, b"[]"), (202, b"")],
)
def test_whatever_the_provider_answers_stash_goes_on(
    tmp_path: Path, provider: Provider, status: int, answer: bytes
) -> None:
    config(tmp_path, provider.url)
    provider.status, provider.answer = status, answer
    done = run(given(tmp_path, id=1, type="Scene.Update.Post"))
    assert done.returncode == 0
    assert "output" in json.loads(done.stdout)


@pytest.mark.parametrize("stdin", ["", "nonsense", "[]", "{}", '{"args":null}', '{"args":{"hookContext":{"id":"x"}}}'])
def test_whatever_stash_writes_it_ends_well(stdin: str) -> None:
    assert run(stdin).returncode == 0


def test_without_settings_nothing_is_told_and_a_task_says_what_to_set(tmp_path: Path) -> None:
    (tmp_path / "config.yml").write_text("database: x\n")
    assert run(given(tmp_path, id=1, type="Scene.Update.Post")).returncode == 0
    stdin = given(tmp_path)
    stdin["args"] = {"task": "status"}
    assert "set address and secret" in run(stdin).stderr


def test_a_provider_that_is_away_is_left_alone_for_a_while(tmp_path: Path, provider: Provider) -> None:
    """An edit of a thousand scenes starts a thousand processes, one after the other."""
    config(tmp_path, "http://127.0.0.1:1")
    assert "does not answer" in run(given(tmp_path, id=1, type="Scene.Update.Post")).stderr
    config(tmp_path, provider.url)
    assert json.loads(run(given(tmp_path, id=2, type="Scene.Update.Post")).stdout) == {"output": "left alone"}
    assert provider.heard == []
    old = (tmp_path / ".away").stat().st_mtime - 60
    os.utime(tmp_path / ".away", (old, old))
    run(given(tmp_path, id=3, type="Scene.Update.Post"))
    assert [json.loads(one["body"])["id"] for one in provider.heard] == [3]


def test_merges_and_deletions_tell_ids_and_path() -> None:
    merge = {"id": 5, "type": "Tag.Merge.Post", "input": {"source": ["7", "8"], "destination": "5"}}
    assert event_of(merge) == {"type": "Tag.Merge.Post", "id": 5, "source": [7, 8], "destination": 5}
    gone = {"id": 5, "type": "Scene.Destroy.Post", "input": {"path": "/data/x.mp4", "checksum": "c"}}
    assert event_of(gone) == {"type": "Scene.Destroy.Post", "id": 5, "path": "/data/x.mp4"}


@pytest.mark.parametrize("indent", [2, 4])
@pytest.mark.parametrize("secret", [SECRET, "plain", "'", '"', "a: b", "#", "ünï", "1234", "- x", "yes"])
def test_settings_are_read_as_stash_writes_them(indent: int, secret: str) -> None:
    kept = {
        "plugins": {
            "disabled": ["a"],
            "settings": {"stash2plex": {"secret": secret, "url": "http://x:9393"}, "z": {"url": "y"}},
        },
        "url": "not this",
    }
    text = yaml.safe_dump(kept, indent=indent, allow_unicode=True)
    assert settings_in(text.splitlines()) == {"secret": secret, "url": "http://x:9393"}


def test_it_imports_nothing_but_the_standard_library_and_little_of_that() -> None:
    tree = ast.parse((PLUGIN / "stash2plex.py").read_text())
    top = {name.name for node in tree.body if isinstance(node, ast.Import) for name in node.names}
    assert top == {"json", "os", "sys", "time"}


def test_every_hook_of_the_yml_is_one_that_stash_fires() -> None:
    written = yaml.safe_load((PLUGIN / "stash2plex.yml").read_text())
    triggers = written["hooks"][0]["triggeredBy"]
    kinds = {"Scene", "SceneMarker", "Tag", "Performer", "Studio", "Group", "Movie"}
    verbs = ("Create", "Update", "Destroy")
    known = {f"{kind}.{verb}.Post" for kind in kinds for verb in verbs} | {"Tag.Merge.Post"}
    assert set(triggers) <= known
    assert {task["defaultArgs"]["task"] for task in written["tasks"]} == {
        "sync",
        "retry",
        "reconcile",
        "gaps",
        "status",
    }
