"""Everything that can go wrong, by name: what it needs for itself, how long it lasts, and with which arguments. Pure.

A name is `<where>.<what>`. Faults that share a resource are never about at the same time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tools.chaos import words

if TYPE_CHECKING:
    import random

SERVICES: Final = {"watcher": "stash_watcher", "writer": "plex_writer", "provider": "provider"}
BUSES: Final = ("bus-watcher", "bus-writer", "bus-provider")
WEBS: Final = ("web-stash", "web-plex", "web-provider")
AUDIT: Final = 12.0
SILENT_BEFORE: Final = 12.0
APART: Final = 6.0


class Kind(NamedTuple):
    """A kind of fault: resources, shortest and longest duration, how likely, and what it does to an edited victim.

    `rest` is how long its resources stay reserved after it. `minutes`: only in runs of at least that length. `before`:
    how long before its round ends it has to be over.
    """

    resources: tuple[str, ...]
    lasts: tuple[float, float] = (1.0, 5.0)
    weight: float = 1.0
    victim: bool = False
    rest: float = 0.5
    minutes: float = 0.0
    before: float = 0.5


class Fault(NamedTuple):
    """One fault at `at` for `lasts` seconds; `scene` is its victim, or 0."""

    at: float
    lasts: float
    kind: str
    scene: int
    args: dict[str, Any]

    def __str__(self) -> str:
        about = f" scene {self.scene}" if self.scene else ""
        return f"{self.at:6.2f}  FAULT {self.kind} for {self.lasts:.2f} s{about} {self.args or ''}".rstrip()


PLEX: Final[dict[str, dict[str, Any]]] = {
    "down": {"kind": "down"},
    "500": {"kind": "status", "status": 500},
    "503": {"kind": "status", "status": 503},
    "401": {"kind": "unauthorized"},
    "maintenance": {"kind": "maintenance"},
    "startup": {"kind": "startup"},
    "html": {"kind": "html"},
    "hang": {"kind": "hang"},
    "reset": {"kind": "reset"},
    "truncated": {"kind": "truncated"},
    "slow": {"kind": "slow", "ms": 800.0},
}
# Plex is well, and some requests are not: their scenes are set aside for a minute
PLEX_SOME: Final[dict[str, dict[str, Any]]] = {
    "put_unanswered": {"kind": "reset", "match": "PUT *", "commit": True, "count": 2},
    "put_hangs": {"kind": "hang", "match": "PUT *", "commit": True, "count": 1},
    "read_truncated": {"kind": "truncated", "match": "GET /library/metadata/*", "count": 2},
}
# Plex says yes and does nothing; what follows from late and swallowed writes takes minutes by design
PLEX_LATER: Final[dict[str, dict[str, Any]]] = {
    "late_commit": {"kind": "late-commit", "match": "PUT *", "count": 1, "delay": 6.0},
    "swallowed": {"kind": "status", "match": "PUT *", "count": 1, "status": 200, "body": ""},
}
PLEX_ITEM: Final[dict[str, dict[str, Any]]] = {
    "item_500": {"kind": "status", "status": 500},
    "item_hangs": {"kind": "hang", "match": "PUT *"},
}
STASH: Final[dict[str, dict[str, Any]]] = {
    **{
        kind: {"kind": kind}
        for kind in ("down", "500", "502", "401", "403", "302", "html", "locked", "truncated", "cut")
    },
    "slow": {"kind": "slow", "delay_ms": 800},
    "hang": {"kind": "hang", "for_s": 3},
    "not_ready": {"kind": "status", "value": "NEEDS_MIGRATION"},
    "set_up": {"kind": "status", "value": "SETUP"},
}
# what becomes of Stash's database and clock; of some of it only a sweep tells
STASH_WHOLE: Final = ("restored", "another", "zone", "clock_ahead")
LINK: Final[dict[str, list[dict[str, Any]]]] = {
    "cut": [{"kind": "cut"}],
    "blackhole": [{"kind": "blackhole"}],
    "half_open": [{"kind": "half_open", "survivor": "client"}],
    "refuse": [{"kind": "refuse"}, {"kind": "cut"}],
    "delay": [{"kind": "delay", "ms": 150.0, "jitter_ms": 300.0}],
    "bandwidth": [{"kind": "bandwidth", "bytes_per_s": 8_000.0}],
}
LINK_BUS: Final[dict[str, list[dict[str, Any]]]] = {
    "lose_puback": [{"kind": "lose_puback", "direction": "down", "count": 1}],
    "lose_our_puback": [{"kind": "lose_puback", "direction": "up", "count": 1}],
    "cut_in_publish": [{"kind": "cut_in_publish", "direction": "up", "nth": 1}],
    "cut_in_delivery": [{"kind": "cut_in_publish", "direction": "down", "nth": 1}],
}
WATCHER_SETTINGS: Final = ({"S2P_STASH_POLL": "2"}, {"S2P_STASH_POLL": "1", "S2P_STASH_SWEEP": "hourly"})
SETTINGS: Final = ("studio=off", "summary=off", "performers=off", "title=off", "title=sync unlocked")


def _kinds() -> dict[str, Kind]:
    found: dict[str, Kind] = {}
    for name in SERVICES:
        found[f"{name}.kill"] = Kind((name,), (0.2, 3.0), 2.0)
        found[f"{name}.term"] = Kind((name,), (0.2, 3.0))
        found[f"{name}.second"] = Kind((name,), (4.0, 10.0), 0.5)
    found["writer.kill_in_put"] = Kind(("writer", "plex"), (1.2, 2.2), 3.0, victim=True)
    found["watcher.kill_in_answer"] = Kind(("watcher", "stash"), (0.8, 2.0), 1.5, victim=True)
    found["writer.settings"] = Kind(("writer",), (4.0, 8.0), 1.5, victim=True)
    found["watcher.settings"] = Kind(("watcher",), (2.0, 5.0))
    for what in ("kill", "term", "empty", "older", "small", "full_disk"):
        found[f"broker.{what}"] = Kind(("broker", "writer"), (0.5, 4.0), 1.5, rest=AUDIT)
    # long enough for a scene to arrive in Plex of which the older copy knows nothing
    found["broker.older"] = found["broker.older"]._replace(lasts=(8.0, 10.0))
    found["broker.empty_writer_away"] = Kind(("broker", "writer"), (1.0, 3.0), 0.5, rest=AUDIT)
    found |= {f"plex.{what}": Kind(("plex",), (1.0, 6.0)) for what in PLEX}
    found |= {f"plex.{what}": Kind(("plex",), (3.0, 6.0), victim=True) for what in {**PLEX_SOME, **PLEX_ITEM}}
    found |= {f"plex.{what}": Kind(("plex",), (6.5, 7.5), victim=True, minutes=2.0) for what in PLEX_LATER}
    found |= {f"stash.{what}": Kind(("stash",), (1.0, 5.0)) for what in STASH}
    found |= {f"stash.{what}": Kind(("stash",), (2.0, 6.0), before=SILENT_BEFORE) for what in STASH_WHOLE}
    # long enough for a second edit to arrive while the first is written
    found["plex.slow"] = Kind(("plex",), (3.5, 6.0), victim=True)
    found["plex.busy"] = Kind(("plex",), (2.0, 5.0), victim=True)
    for link in (*BUSES, *WEBS):
        found |= {f"{link}.{what}": Kind((link,), (0.5, 5.0), 0.4) for what in LINK}
    for link in BUSES:
        found |= {f"{link}.{what}": Kind((link,), (2.0, 6.0), 0.5) for what in LINK_BUS}
        # one that is lost twice within seconds while another stands is taken for one that somebody took over
        found |= {name: kind._replace(rest=APART) for name, kind in found.items() if name.startswith(f"{link}.")}
    return found


KINDS: Final = _kinds()


def args_of(chance: random.Random, kind: str) -> dict[str, Any]:
    """Return what a fault of this kind decides by chance, and the edit of its victim."""
    args: dict[str, Any] = {}
    if kind == "writer.settings":
        args["settings"] = {"S2P_FIELDS": chance.choice(SETTINGS)}
    if kind == "watcher.settings":
        args["settings"] = chance.choice(WATCHER_SETTINGS)
    if kind == "writer.kill_in_put":
        args["when"] = chance.choice(("before", "after"))
    if KINDS[kind].victim:
        args["edit"] = words.described(chance)
    if kind == "writer.settings":
        args["edit"]["studio"] = chance.choice(words.STUDIOS)
    return args
