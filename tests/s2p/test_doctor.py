"""Planted faults in a running installation: doctor names each by a finding of its own, with effect and remedy."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest

from tests.s2p.calling import s2p
from tests.stories.world import World
from tools.processes import Server, free_port, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.story
SERVICES: Final = ("stash_watcher", "plex_writer", "provider")


class Planted(NamedTuple):
    """One fault: what doctor has to call it, and how to bring it about before the services start, or afterwards."""

    finding: str
    level: str
    before: Callable[[World], None] = lambda _: None
    after: Callable[[World], None] = lambda _: None
    plex: tuple[str, ...] = ()
    limits: bool = True
    options: str = ""
    without: tuple[str, ...] = ()


def setting(**settings: str) -> Callable[[World], None]:
    return lambda world: world.settings.update(settings)


def stash_fault(**fault: Any) -> Callable[[World], None]:
    return lambda world: world.control("stash", "fault", **fault)


def plex_fault(**fault: Any) -> Callable[[World], None]:
    return lambda world: world.control("plex", "fault", **fault)


def guarded_stash(world: World) -> None:
    world.stash.stop()
    world.stash = Server("stash", "simulators.stash", ["--scenes", "20", "--seed", "1", "--api-key", "K"], world.folder)
    world.stash.start()
    world.settings["S2P_STASH_URL"] = world.stash.url


def lose_everything(world: World) -> None:
    """Have the broker keep something, and lose it with all the rest at its restart."""
    wait_until(lambda: ids(doctor(world)).get("broker.persistence") == "ok", "something to be kept", seconds=90)
    world.broker.stop()
    world.broker.wipe()
    world.broker.start()
    wait_until(lambda: ids(doctor(world)).get("service.stash_watcher") == "ok", "the watcher to be back", seconds=90)


def own_provider(world: World) -> None:
    world.settings["S2P_PROVIDER_URL"] = f"http://127.0.0.1:{world.settings['S2P_PROVIDER_PORT']}"


def elsewhere(world: World) -> None:
    world.settings["S2P_PROVIDER_URL"] = f"http://127.0.0.1:{free_port()}"


def stop_stash(world: World) -> None:
    world.stash.stop()


def stop_plex(world: World) -> None:
    world.plex.stop()


def other_files(world: World) -> None:
    world.control("plex", "items", section="1", files=["/media/z.mp4"])


FAULTS: Final = [
    Planted("stash.reachable", "error", after=stop_stash),
    Planted("stash.key", "error", before=guarded_stash),
    Planted("stash.ready", "error", before=stash_fault(kind="status", value="NEEDS_MIGRATION")),
    Planted("stash.query.page", "error", after=stash_fault(kind="422", field="Scene.urls")),
    Planted("stash.image", "warning", after=stash_fault(kind="500", match="image")),
    Planted("stash.clock", "warning", before=lambda world: world.control("stash", "clock", offset_s=600)),
    Planted("plex.reachable", "error", after=stop_plex),
    Planted("plex.token", "error", before=setting(S2P_PLEX_TOKEN="wrong")),
    Planted("plex.owner", "error", after=plex_fault(kind="status", status=403, match="GET /:/prefs")),
    Planted("plex.libraries", "error", before=setting(S2P_PLEX_LIBRARIES="Films")),
    Planted("plex.agent", "warning", before=own_provider),
    Planted("paths.prefix", "error", before=setting(S2P_PATHS="/data/nothing=>/media")),
    Planted("paths.missing", "error", before=other_files),
    Planted("provider.reachable", "error", before=elsewhere),
    Planted("provider.url", "warning"),
    Planted("broker.limits", "error", limits=False),
    Planted("broker.packet", "warning", options="max_packet_size 50000"),
    Planted("broker.anonymous", "warning"),
    Planted("broker.persistence", "error", after=lose_everything),
    Planted("service.plex_writer", "error", without=("plex_writer",)),
    Planted("service.provider", "warning", without=("provider",)),
]


def doctor(world: World) -> dict[str, dict[str, Any]]:
    """Return the findings by id."""
    called = s2p("doctor", "--json", "--timeout", "30", S2P_MQTT_URL=world.broker.url)
    assert called.status in (0, 1), called
    found = {finding["id"]: finding for finding in json.loads(called.out)["findings"]}
    assert called.status == any(finding["level"] == "error" for finding in found.values())
    return found


def ids(found: dict[str, dict[str, Any]]) -> dict[str, str]:
    return {name: finding["level"] for name, finding in found.items()}


@pytest.fixture
def planted(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[World, Planted]]:
    fault: Planted = request.param
    world = World(tmp_path_factory.mktemp("planted"), raised_limits=fault.limits)
    world.broker.options = fault.options
    with world as running:
        if fault.finding != "paths.missing":
            running.scan_all()
        fault.before(running)
        running.start(*(name for name in SERVICES if name not in fault.without))
        fault.after(running)
        yield running, fault


@pytest.mark.parametrize("planted", FAULTS, indirect=True, ids=lambda fault: fault.finding)
def test_a_planted_fault_is_named(planted: tuple[World, Planted]) -> None:
    world, fault = planted
    last: list[dict[str, dict[str, Any]]] = []

    def is_named() -> bool:
        last[:] = [doctor(world)]
        return ids(last[0]).get(fault.finding) == fault.level

    wait_until(is_named, f"doctor to find {fault.finding}", seconds=90)
    finding = last[0][fault.finding]
    assert finding["what"].endswith((".", ":"))
    assert finding["effect"]
    assert finding["remedy"]


def test_a_prefix_pair_is_proposed_that_mends_the_paths(tmp_path_factory: pytest.TempPathFactory) -> None:
    with World(tmp_path_factory.mktemp("paths")) as world:
        world.scan_all()
        world.start(*SERVICES, S2P_PATHS="")
        wait_until(lambda: "paths.prefix" in doctor(world), "a proposal", seconds=90)
        assert "S2P_PATHS='/data=>/media'" in doctor(world)["paths.prefix"]["remedy"]


def test_where_all_is_well_nothing_is_an_error(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The broker of the tests has no accounts, and the provider no address, which are warnings."""
    with World(tmp_path_factory.mktemp("well")) as world:
        world.scan_all()
        world.start(*SERVICES)
        wait_until(lambda: ids(doctor(world)).get("paths.rules") == "ok", "the paths to be looked at", seconds=90)
        expected = {"broker.anonymous", "provider.url"}
        levels: dict[str, str] = {}

        def is_well() -> bool:
            levels.clear()
            levels.update(ids(doctor(world)))
            return {name for name, level in levels.items() if level != "ok"} == expected

        wait_until(is_well, "nothing but the two to be said", seconds=90)
    assert {"stash.query.page", "stash.query.one", "plex.owner", "broker.limits", "provider.table"} <= levels.keys()
