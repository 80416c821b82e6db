"""`python -m simulators.stash`: serves a simulated Stash and prints its URL when it is ready."""

from __future__ import annotations

import argparse
import gc

from simulators.serve import serve
from simulators.stash.app import build
from simulators.stash.server import Settings, Stash


def arguments() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    parser = argparse.ArgumentParser(prog="simulators.stash", description="A simulated Stash.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--scenes", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--version", default="0.30.1", help="0.26 to 0.31: which schema it has")
    parser.add_argument("--zone", default="Europe/Berlin", help="the server's time zone")
    parser.add_argument("--api-key", default="", help="with one, every request needs it or a login")
    parser.add_argument("--root", default="/data", help="where the files seem to lie")
    parser.add_argument("--recorded", action="store_true", help="serve pages of scenes as recorded the first time")
    return parser


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    given = vars(arguments().parse_args())
    host, port = given.pop("host"), given.pop("port")
    stash = Stash(Settings(**given))
    gc.freeze()  # rows that stay for good are not looked through again and again
    serve(build(stash), host=host, port=port)


if __name__ == "__main__":
    main()
