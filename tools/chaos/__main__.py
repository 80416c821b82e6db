"""`python -m tools.chaos`: exit status 0 when nothing was lost, stale, overwritten or stuck, else 1."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from typing import TYPE_CHECKING, Final

from tools.chaos.mutants import MUTANTS, catch
from tools.chaos.runner import Options, run

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tools.chaos.runner import Result

SCENES: Final = 2_000
# a mutant has to be caught within 3 minutes, the first load of it included
OF_MUTANTS: Final = 60


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the command line's options."""
    parser = argparse.ArgumentParser(
        "./run chaos", description="Edit everywhere while everything fails, and check that Plex comes out right."
    )
    parser.add_argument("--minutes", type=float, default=2.0, help="of edits and faults, in rounds of one (default 2)")
    parser.add_argument("--seed", type=int, default=1, help="decides everything that is left to chance (default 1)")
    parser.add_argument(
        "--scenes", type=int, help=f"in the simulated Stash (default {SCENES:,}; {OF_MUTANTS} for mutants)"
    )
    parser.add_argument("--beyond", action="store_true", help="with scenes that get second files, too")
    parser.add_argument(
        "--only",
        default="",
        metavar="NAMES",
        help="no faults but these, as in writer.kill,broker. with a point for all that begin so",
    )
    parser.add_argument("--mutant", choices=sorted(MUTANTS), help="break the product so, in a copy, and be caught")
    parser.add_argument("--mutants", action="store_true", help="the same for every mutant, one after the other")
    parser.add_argument("--json", action="store_true", help="print one JSON object; the story goes to standard error")
    return parser.parse_args(arguments)


def shown(result: Result) -> str:
    """Return the result as people want to read it."""
    faults = ", ".join(f"{kind} {count}" for kind, count in result.faults.items())
    wrong = ", ".join(f"{name} {getattr(result, name)}" for name in ("lost", "stale", "overwritten", "stuck"))
    total, kinds = sum(result.faults.values()), len(result.faults)
    return (
        f"{faults}\nseed {result.seed}: {result.edits} edits, {total} faults of {kinds} kinds\n"
        f"{wrong}; slowest convergence {result.slowest_convergence_s} s"
    )


def main(options: argparse.Namespace) -> int:
    """Run what was asked for; return the exit status."""
    channel = sys.stderr if options.json else sys.stdout

    def say(text: str) -> None:
        print(text, file=channel, flush=True)

    if options.mutant or options.mutants:
        names = list(MUTANTS) if options.mutants else [options.mutant]
        return asyncio.run(check_the_checker(names, options.scenes or OF_MUTANTS, say, as_json=options.json))
    wanted = Options(options.seed, options.minutes, options.scenes or SCENES, options.beyond, options.only)
    result = asyncio.run(run(wanted, say))
    print(json.dumps(result._asdict()) if options.json else shown(result))
    return 0 if result.clean else 1


async def check_the_checker(names: Sequence[str], scenes: int, say: Callable[[str], None], *, as_json: bool) -> int:
    """Let mutants be caught; return 0 when every one was."""
    ended = {}
    for name in names:
        ended[name] = caught = await catch(name, scenes)
        found = ", ".join(f"{kind} {number}" for kind, number in caught.found.items() if number)
        verdict = f"caught: {found}" if caught.proven else f"NOT caught: {caught.error or found or 'nothing was wrong'}"
        say(f"{name} ({MUTANTS[name].breaks}): {verdict}, after {caught.seconds} s")
    if as_json:
        print(json.dumps({"mutants": {name: {"caught": one.proven, **one._asdict()} for name, one in ended.items()}}))
    return 0 if all(one.proven for one in ended.values()) else 1


if __name__ == "__main__":
    sys.exit(main(parse()))
