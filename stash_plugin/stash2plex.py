"""Stash's side of Stash2Plex: tells the provider what changed, or runs one of the tasks.

Stash starts this once an event and waits for it, so it is quick, gives up early and never fails: a change that it does
not tell of is found by Stash2Plex itself a few seconds later. It needs nothing but Python 3.8 and sends nothing but the
kind of event, ids, names of fields and a deleted scene's path. Stash's session cookie, a live login, is not touched.

Address and secret come from S2P_PROVIDER_URL and S2P_HOOK_SECRET (or S2P_HOOK_SECRET_FILE) in Stash's environment, else
from the plugin's settings, which Stash keeps in its config.yml.
"""

from __future__ import annotations

import json
import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    # typing takes its time to import
    from collections.abc import Iterable
    from typing import Any

PLUGIN = "stash2plex"
HOOK_WITHIN = 1.0
TASK_WITHIN = 30.0
PAUSE = 30.0
PAUSE_FILE = ".away"


def settings_in(lines: Iterable[str]) -> dict[str, str]:
    """Return the plugin's settings in the lines of Stash's config.yml, which is YAML as Stash itself writes it."""
    wanted = ["plugins", "settings", PLUGIN]
    path: list[tuple[int, str]] = []
    found: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.strip().partition(":")
        if not colon or name.startswith(("#", "-")):
            continue
        indent = len(line) - len(line.lstrip())
        path = [one for one in path if one[0] < indent]
        names = [one[1] for one in path]
        if names == wanted and value.strip():
            found[unquoted(name)] = unquoted(value.strip())
        path.append((indent, unquoted(name)))
    return found


def unquoted(text: str) -> str:
    """Return a plain or quoted scalar of YAML."""
    if len(text) > 1 and text[0] == text[-1] == '"':
        try:
            return str(json.loads(text))
        except ValueError:
            return text[1:-1]
    if len(text) > 1 and text[0] == text[-1] == "'":
        return text[1:-1].replace("''", "'")
    return text


def settings(folder: str) -> tuple[str, str]:
    """Return address and secret, empty where they are not set."""
    url, secret = os.environ.get("S2P_PROVIDER_URL", ""), os.environ.get("S2P_HOOK_SECRET", "")
    if not secret and os.environ.get("S2P_HOOK_SECRET_FILE"):
        with open(os.environ["S2P_HOOK_SECRET_FILE"], encoding="utf-8") as file:
            secret = file.read().strip()
    if not (url and secret):
        with open(os.environ.get("STASH_CONFIG_FILE") or os.path.join(folder, "config.yml"), encoding="utf-8") as file:
            kept = settings_in(file)
        url, secret = url or kept.get("url", ""), secret or kept.get("secret", "")
    return url.rstrip("/"), secret


def event_of(context: dict[str, Any]) -> dict[str, Any]:
    """Return what is told of an event: never what the edit was, which may be a picture of megabytes."""
    given = context["input"] if isinstance(context.get("input"), dict) else {}
    event: dict[str, Any] = {"type": context.get("type", ""), "id": context.get("id") or 0}
    if context.get("inputFields"):
        event["inputFields"] = context["inputFields"]
    if event["type"].startswith("Tag.Merge"):
        event["source"] = [int(one) for one in given.get("source") or []]
        event["destination"] = int(given.get("destination") or 0)
    if event["type"].startswith("Scene.Destroy") and given.get("path"):
        event["path"] = given["path"]
    return event


def post(url: str, secret: str, event: dict[str, Any], within: float) -> tuple[int, list[str]]:
    """Send an event; return the status and the answer's lines. Raises OSError or ValueError when there is no answer."""
    # both imports are left to here: an event that is not sent need not wait for them
    import http.client

    scheme, _, rest = url.partition("://")
    host, _, path = rest.partition("/")
    kind = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
    connection = kind(host, timeout=within)
    try:
        headers = {"Content-Type": "application/json", "Authorization": "Bearer " + secret}
        body = json.dumps(event).encode()
        connection.request("POST", "/".join(("", *filter(None, [path]), "hooks/stash")), body, headers)
        answer = connection.getresponse()
        told = json.loads(answer.read(1_000_000) or b"{}")
    except http.client.HTTPException as error:
        raise ValueError(f"this is no answer of Stash2Plex: {error!r}") from error
    finally:
        connection.close()
    return answer.status, [*told.get("lines", []), *filter(None, [told.get("error")])]


def say(level: str, text: str) -> None:
    """Write a line to Stash's log; the level is one of t, d, i, w, e."""
    sys.stderr.write(f"\x01{level}\x02{text}\n")


def is_paused(folder: str) -> bool:
    """Say whether the provider did not answer a moment ago: an edit of many scenes must not wait for each of them."""
    try:
        return 0 <= time.time() - os.stat(os.path.join(folder, PAUSE_FILE)).st_mtime < PAUSE
    except OSError:
        return False


def pause(folder: str) -> None:
    """Leave the provider alone for a while."""
    try:
        with open(os.path.join(folder, PAUSE_FILE), "w", encoding="utf-8"):
            pass
    except OSError:
        say("d", "no pause can be noted in the plugin's folder; every event waits for the provider")


def run(given: dict[str, Any]) -> str:
    """Do what Stash asks; return a sentence for its log."""
    connection, arguments = given.get("server_connection") or {}, given.get("args") or {}
    plugin = connection.get("PluginDir") or os.path.dirname(os.path.abspath(__file__))
    task, context = arguments.get("task"), arguments.get("hookContext") or {}
    if not task and (not context or is_paused(plugin)):
        return "left alone"
    url, secret = settings(connection.get("Dir") or "")
    if not (url and secret):
        say("w" if task else "d", "set address and secret in the plugin's settings (Settings, Plugins, Stash2Plex)")
        return "not set up"
    try:
        event = {"task": task} if task else event_of(context)
        status, lines = post(url, secret, event, TASK_WITHIN if task else HOOK_WITHIN)
    except OSError as error:
        if not task:
            pause(plugin)
        say("w", f"{url} does not answer ({error}); changes are found by the watcher's own looks meanwhile")
        return "no answer"
    for line in lines:
        say("i" if status < 400 else "w", line)
    return "; ".join(lines) or "told"


def main() -> None:
    """Run; whatever happens, Stash's own work goes on."""
    try:
        output = run(json.load(sys.stdin))
    except Exception as error:  # Stash waits for this process, and must not fail with it
        say("w", f"nothing was told: {error!r}")
        output = "nothing was told"
    sys.stdout.write(json.dumps({"output": output}))


if __name__ == "__main__":
    main()
    # nothing is left to tidy up, and the interpreter takes its time for that
    sys.stdout.flush()
    os._exit(0)
