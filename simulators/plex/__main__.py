"""`python -m simulators.plex`: serve one simulated Plex until told to stop."""

from __future__ import annotations

import argparse
import asyncio
from typing import TYPE_CHECKING, get_args

import uvicorn

from simulators.plex.app import make_app
from simulators.plex.conformance import fill
from simulators.plex.server import Plex
from simulators.plex.settings import Settings, TagMode, agent_identifier
from simulators.serve import announce, listen

if TYPE_CHECKING:
    from collections.abc import Sequence


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the command line's options."""
    parser = argparse.ArgumentParser("python -m simulators.plex", description="A Plex Media Server to test against.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one (default)")
    parser.add_argument("--token", default=Settings().token)
    parser.add_argument(
        "--library", action="append", metavar="TITLE=/FOLDER", help="repeat for more; default Movies=/media"
    )
    parser.add_argument("--tag-mode", choices=get_args(TagMode), default="add", help="what tags in an edit do")
    parser.add_argument("--normalise", action="store_true", help="store trimmed, dated and cased values")
    parser.add_argument("--agent", default="none", help="agent of all libraries: none, or an identifier")
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument("--first-genre-only", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--all-genres", dest="first_genre_only", action="store_false")
    parser.add_argument("--conformance", action="store_true", help="hold what was recorded from PMS 1.43.1")
    return parser.parse_args(arguments)


def build(options: argparse.Namespace) -> Plex:
    """Return the server that the options describe."""
    plex = Plex(
        Settings(
            token=options.token,
            tag_mode=options.tag_mode,
            normalise=options.normalise,
            agent=agent_identifier(options.agent),
            latency_ms=options.latency_ms,
            first_genre_only=options.first_genre_only,
        )
    )
    if options.conformance:
        fill(plex)
        return plex
    folders: dict[str, list[str]] = {}
    for library in options.library or ["Movies=/media"]:
        title, _, folder = library.partition("=")
        if not folder.startswith("/"):
            raise SystemExit(f"--library {library}: TITLE=/FOLDER is needed")
        folders.setdefault(title, []).append(folder)
    for title, paths in folders.items():
        plex.library.add_section(title, paths, plex.settings.agent)
    return plex


def main() -> None:
    """Serve until SIGTERM or SIGINT; prints `{"url": …}` once the port is open."""
    options = parse()
    plex = build(options)
    sock = listen(options.host, options.port)
    announce(url=f"http://{options.host}:{sock.getsockname()[1]}")
    config = uvicorn.Config(
        make_app(plex),
        http=plex.connections.protocol(),
        ws="auto",
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=2,
        timeout_keep_alive=60,
    )
    asyncio.run(uvicorn.Server(config).serve(sockets=[sock]))


if __name__ == "__main__":
    main()
