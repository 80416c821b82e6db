"""`python -m simulators.proxy --target HOST:PORT`: carry connections until told to stop."""

from __future__ import annotations

import argparse
import asyncio

import uvicorn

from simulators.proxy.app import make_app
from simulators.proxy.proxy import Proxy
from simulators.serve import announce, listen


async def serve(options: argparse.Namespace) -> None:
    """Carry until SIGTERM or SIGINT; prints `{"port": …, "control": "http://…"}` once both ports are open."""
    async with Proxy(options.target, host=options.host, port=options.port) as proxy:
        sock = listen(options.host, 0)
        announce(port=proxy.port, control=f"http://{options.host}:{sock.getsockname()[1]}")
        config = uvicorn.Config(make_app(proxy), log_level="warning", access_log=False, timeout_graceful_shutdown=2)
        await uvicorn.Server(config).serve(sockets=[sock])


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser("python -m simulators.proxy", description="A TCP proxy that can go wrong.")
    parser.add_argument("--target", required=True, metavar="HOST:PORT")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one (default)")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
