"""`python -m tools.init`: make `.env`. Exit status: 0 written, 1 a server can't be used so, 2 nothing was written."""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import SecretStr

from common.errors import S2PError
from tools.init import file, plex, stash
from tools.init.paths import proposal
from tools.init.plex import PlexTrouble
from tools.init.talk import Talk, Unanswered
from tools.processes import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.init.plex import PlexFacts
    from tools.init.stash import StashFacts

KEY, TOKEN = "S2P_STASH_API_KEY", "S2P_PLEX_TOKEN"
EXAMPLES = """examples:
  ./run init
  ./run init --sign-in
  S2P_PLEX_TOKEN=… ./run init --yes --stash-url http://localhost:9999 --plex-url http://localhost:32400

The key of Stash and the token of Plex are asked for, or taken from the variables S2P_STASH_API_KEY and S2P_PLEX_TOKEN
or the files that --stash-key-file and --plex-token-file name: an option would show them in the list of processes."""


class Failed(Exception):
    """A server can't be used with these answers; the message says why."""


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the command line's options."""
    parser = argparse.ArgumentParser(
        "./run init",
        description="Ask for addresses and keys, test them, and write .env.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--env", type=Path, default=ROOT / ".env", help="file to write (default: .env)")
    parser.add_argument("--stash-url", default=os.environ.get("S2P_STASH_URL", "http://localhost:9999"))
    parser.add_argument("--stash-key-file", type=Path, help="file with Stash's API key")
    parser.add_argument("--plex-url", default=os.environ.get("S2P_PLEX_URL", "http://localhost:32400"))
    parser.add_argument("--plex-token-file", type=Path, help="file with the owner's X-Plex-Token")
    parser.add_argument("--sign-in", action="store_true", help="get the token by a PIN at plex.tv/link")
    parser.add_argument("--libraries", default=os.environ.get("S2P_PLEX_LIBRARIES"), help="titles, with commas between")
    parser.add_argument("--paths", default=os.environ.get("S2P_PATHS"), help="instead of what is proposed")
    parser.add_argument("--provider-url", help="the provider as Plex reaches it (default: this machine's address)")
    parser.add_argument("--review", action="store_true", help="write nothing to Plex until s2p start")
    parser.add_argument("--yes", action="store_true", help="ask nothing, take defaults and proposals")
    return parser.parse_args(arguments)


def main() -> int:
    """Ask, test, write; return the exit status."""
    options = parse()
    talk = Talk(quiet=options.yes)
    if options.env.exists():
        talk.say(f"{options.env} is there already, and is left as it is. Move it away first, or give another --env.")
        return 2
    try:
        file.write(options.env, file.text(settings(talk, options)))
    except (Unanswered, ValueError, OSError) as error:
        talk.say(f"init: {error}")
        return 2
    except Failed as error:
        talk.say(f"init: {error}")
        return 1
    except (KeyboardInterrupt, EOFError):
        talk.say("\ninit: ended; nothing was written.")
        return 2
    talk.say(f"\n{options.env} is written. Next:")
    talk.say("  docker compose up -d    then  docker compose run --rm s2p status")
    talk.say("  or ./run up             then, in another terminal,  ./run s2p status")
    return 0


def settings(talk: Talk, options: argparse.Namespace) -> dict[str, str]:
    """Return everything for `.env`, tested as it was asked for."""
    stash_url, key, of_stash = _stash(talk, options)
    plex_url, token, of_plex = _plex(talk, options)
    libraries = _libraries(talk, options, of_plex)
    rules = _paths(talk, options, of_stash, of_plex)
    provider = options.provider_url or _provider()
    if provider:
        talk.say(f"Provider: Plex is told to find it at {provider} (S2P_PROVIDER_URL).")
    return {
        "S2P_STASH_URL": file.portable(stash_url),
        KEY: key,
        "S2P_PLEX_URL": file.portable(plex_url),
        TOKEN: token,
        "S2P_PLEX_LIBRARIES": libraries,
        "S2P_PATHS": rules,
        "S2P_PLEX_START": "review" if options.review else "",
        "S2P_PROVIDER_URL": provider,
    }


def _stash(talk: Talk, options: argparse.Namespace) -> tuple[str, str, StashFacts]:
    url, key = options.stash_url, _secret(options.stash_key_file, KEY)
    while True:
        url = talk.ask("Address of Stash", url, "--stash-url").rstrip("/")
        if talk.asks:
            key = talk.ask("API key of Stash (Settings, Security; - for none)", key or "-", KEY, secret=True)
            key = "" if key == "-" else key
        try:
            facts = asyncio.run(stash.look(url, SecretStr(key) if key else None))
        except S2PError as error:
            talk.say(f"  {error}")
            if not talk.asks:
                raise Failed(f"Stash can't be used with these settings: {error}") from None
            continue
        talk.say(f"Stash {facts.version}: {facts.scenes:,} scenes in {', '.join(facts.folders) or 'no folder'}.")
        return url, key, facts


def _plex(talk: Talk, options: argparse.Namespace) -> tuple[str, str, PlexFacts]:
    url, token = options.plex_url, _secret(options.plex_token_file, TOKEN)
    if options.sign_in or (
        not token and talk.asks and talk.agree("Sign in to Plex with a PIN for the token?", default=True)
    ):
        url, token = _signed_in(talk, url)
    while True:
        url = talk.ask("Address of Plex", url, "--plex-url").rstrip("/")
        token = talk.ask("X-Plex-Token of the server's owner", token, TOKEN, secret=True)
        try:
            facts = plex.look(url, token)
        except PlexTrouble as error:
            talk.say(f"  {error}")
            if not talk.asks:
                raise Failed(str(error)) from None
            continue
        shown = ", ".join(f"{title} ({', '.join(places)})" for title, places in facts.libraries.items())
        talk.say(f"Plex {facts.name} {facts.version}: {shown or 'no movie library'}.")
        return url, token, facts


def _signed_in(talk: Talk, url: str) -> tuple[str, str]:
    try:
        token, servers = plex.sign_in(talk.say)
    except PlexTrouble as error:
        if not talk.asks:
            raise Failed(str(error)) from None
        talk.say(f"  {error}")
        return url, ""
    talk.say(
        f"Signed in. Your servers: {', '.join(f'{name} at {address}' for name, address in servers.items()) or 'none'}."
    )
    return next(iter(servers.values()), url), token


def _libraries(talk: Talk, options: argparse.Namespace, facts: PlexFacts) -> str:
    chosen = options.libraries or ""
    if options.libraries is None and len(facts.libraries) > 1:
        chosen = talk.choose("Libraries to write to, with commas between; empty for all", "")
    known = {title.casefold() for title in facts.libraries}
    missing = [name for name in chosen.split(",") if name.strip() and name.strip().casefold() not in known]
    if missing:
        raise Failed(f"Plex has no movie library {', '.join(missing)}; it has {', '.join(facts.libraries) or 'none'}.")
    return str(chosen)


def _paths(talk: Talk, options: argparse.Namespace, of_stash: StashFacts, of_plex: PlexFacts) -> str:
    if options.paths is not None:
        return str(options.paths)
    locations = [place for places in of_plex.libraries.values() for place in places]
    guess = proposal(of_stash.folders, of_stash.paths, of_plex.paths, locations)
    said = guess.rules or "none needed, paths are the same"
    talk.say(f"Paths: {said}; with that, {guess.found} of {guess.looked} files looked at are in Plex (S2P_PATHS).")
    return talk.choose("Path rules (- for none)", guess.rules)


def _secret(path: Path | None, variable: str) -> str:
    if path is None:
        return os.environ.get(variable, "")
    return path.read_text("utf-8").strip()


def _provider() -> str:
    """Return the provider's address on this machine's own in the network, or nothing where it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.connect(("192.0.2.1", 9))  # sends nothing, only chooses the interface
        except OSError:
            return ""
        address = sock.getsockname()[0]
    return "" if urlsplit(f"//{address}").hostname in file.LOOPBACK else f"http://{address}:9393"


if __name__ == "__main__":
    sys.exit(main())
