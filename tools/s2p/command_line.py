"""The command line: every command with its options and examples."""

from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import TYPE_CHECKING, Final

from common.version import VERSION
from tools.s2p.ask import PATIENCE
from tools.s2p.gaps import KINDS
from tools.s2p.where import default_data, default_env

if TYPE_CHECKING:
    from collections.abc import Callable

    Subparser = Callable[[str, str, str], ArgumentParser]

EXIT: Final = """exit status:
  0  done, or all is well     1  refused, or something needs attention
  2  wrong call or settings   3  the broker can't be used     4  nobody answers

Each command has its own --help with examples. Output is plain lines in a pipe, and JSON with --json."""


def parser() -> ArgumentParser:
    """Return the parser of all commands."""
    top = ArgumentParser(
        "s2p", description="Ask the Stash2Plex services.", epilog=EXIT, formatter_class=RawDescriptionHelpFormatter
    )
    top.add_argument("--version", action="version", version=f"s2p {VERSION}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    common = _common()

    def add(name: str, help_text: str, examples: str) -> ArgumentParser:
        return commands.add_parser(
            name,
            parents=[common],
            help=help_text,
            description=f"{help_text[0].upper()}{help_text[1:]}.",
            epilog="examples:\n" + "\n".join(f"  s2p {line}" for line in examples.split("\n")),
            formatter_class=RawDescriptionHelpFormatter,
        )

    _looking(add)
    _writing(add)
    _asking_stash(add)
    _upkeep(add)
    return top


def _common() -> ArgumentParser:
    """Return the options that every command has, which may also stand behind it."""
    common = ArgumentParser(add_help=False)
    group = common.add_argument_group("connection and output")
    group.add_argument("--json", action="store_true", help="print JSON: one document, or one a line for watch and plan")
    group.add_argument("--broker", default="", metavar="URL", help="mqtt[s]://user@host:port instead of S2P_MQTT_URL")
    group.add_argument("--name", default="", help="name of the Plex server (default: S2P_PLEX_NAME, or plex)")
    group.add_argument("--env", type=Path, default=default_env(), metavar="FILE", help="settings (default: .env)")
    group.add_argument("--data", type=Path, default=default_data(), metavar="FOLDER", help="./run up's (default: data)")
    group.add_argument(
        "--timeout",
        type=float,
        default=PATIENCE,
        metavar="SECONDS",
        help=f"wait for an answer (default: {PATIENCE:.0f})",
    )
    return common


def _looking(add: Subparser) -> None:
    each = add("status", "one screen: is all well, what is left, what needs somebody", "status\nstatus --outages")
    each.add_argument("--outages", action="store_true", help="also when Plex was away")
    each = add("watch", "every change and every write as it happens", "watch\nwatch --json | jq -r .text")
    each.add_argument("--seconds", type=float, help="end after so long (default: never)")
    each = add(
        "explain",
        "what Stash says, how the path maps, which item, whose each field is, what is next",
        "explain 17\nexplain '/data/films/Some scene.mp4'\nexplain plex:4711",
    )
    each.add_argument("what", metavar="SCENE|PATH|plex:KEY", help="a scene's number, a file's path, or a rating key")
    each = add("plan", "dry run: exactly what would be written", "plan 17\nplan --all\nplan --all --json >plan.jsonl")
    each.add_argument("scenes", type=int, nargs="*", metavar="SCENE")
    each.add_argument("--all", action="store_true", help="all scenes")
    each.add_argument("--verbose", action="store_true", help="also scenes without a change")
    each = add("gaps", "what is missing on either side", f"gaps\ngaps {next(iter(KINDS))} --limit 1000")
    each.add_argument("kind", nargs="?", choices=list(KINDS), metavar="KIND", help=", ".join(KINDS))
    each.add_argument("--limit", type=int, default=20, metavar="N", help="rows of each kind (default: 20)")
    add(
        "doctor", "check every link of the chain", "doctor\ndoctor --json | jq '.findings[] | select(.level != \"ok\")'"
    )


def _writing(add: Subparser) -> None:
    add("start", "write what was planned with S2P_PLEX_START=review", "start")
    add("pause", "write nothing until resume", "pause\npause --name attic")
    add("resume", "go on after pause", "resume")
    each = add("reconcile", "compare what Stash wants with what was written, now", "reconcile\nreconcile --confirm")
    each.add_argument("--confirm", action="store_true", help="scenes that are missing are gone, however many")
    each = add("retry", "try failed scenes again", "retry\nretry 17 18\nretry --reason 'HTTP 500'")
    each.add_argument("scenes", type=int, nargs="*", metavar="SCENE")
    each.add_argument("--state", default="", choices=["", "failed", "ambiguous", "waiting"], metavar="STATE")
    each.add_argument("--reason", default="", help="only scenes whose detail has this text")
    each = add(
        "resync",
        "read items in Plex again and put right what differs; with --stash, fetch scenes from Stash again",
        "resync\nresync 17\nresync 17 --adopt\nresync --stash",
    )
    each.add_argument("scenes", type=int, nargs="*", metavar="SCENE")
    each.add_argument(
        "--adopt", action="store_true", help="take what Plex shows for what was written, where that is lost"
    )
    each.add_argument("--stash", action="store_true", help="ask the watcher instead of the writer")
    each = add("pin", "say which item in Plex a scene is", "pin 17 4711")
    each.add_argument("scene", type=int, metavar="SCENE")
    each.add_argument("rating_key", metavar="KEY", help="the item's rating key")
    each = add("unpin", "let paths decide again which item a scene is", "unpin 17")
    each.add_argument("scene", type=int, metavar="SCENE")


def _asking_stash(add: Subparser) -> None:
    each = add("sweep", "compare all scenes with Stash now", "sweep\nsweep --confirm")
    each.add_argument("--confirm", action="store_true", help="remove what is held back, or follow another Stash")


def _upkeep(add: Subparser) -> None:
    each = add("register", "make Plex know the provider", "register\nregister --library Scenes --confirm")
    each.add_argument("--library", default="", metavar="TITLE", help="a new library that uses it")
    each.add_argument("--confirm", action="store_true", help="do it; without, only say what would be done")
    each = add(
        "backup",
        "save what can't be rebuilt: what was written, pins, outages",
        "backup plex.jsonl\nbackup - >plex.jsonl",
    )
    each.add_argument("file", metavar="FILE", help="- for standard output")
    each = add("restore", "put a backup back, while the writer is stopped", "restore plex.jsonl\nrestore - <plex.jsonl")
    each.add_argument("file", metavar="FILE", help="- for standard input")
    each.add_argument("--replace", action="store_true", help="also over outcomes that are there")
    each = add("forget", "remove what a writer that is gone for good left", "forget attic\nforget attic --confirm")
    each.add_argument("server", metavar="NAME")
    each.add_argument("--confirm", action="store_true", help="do it; without, only count")
