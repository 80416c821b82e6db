"""The provider as a process: what it tells about itself, how it starts and ends."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, cast

from paho.mqtt import subscribe
from paho.mqtt.enums import MQTTProtocolVersion

from common.guids import IDENTIFIER
from common.version import VERSION
from services.provider.misses import leaf_of
from tests.provider.given import scene
from tools.processes import service, wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from paho.mqtt.client import MQTTMessage

    from tests.provider.installation import Installation

MONTH = 30 * 24 * 3600
UNKNOWN = "/media/Films/new/unknown.mp4"


def test_it_answers_for_itself_while_the_broker_is_not_there(installation: Installation) -> None:
    installation.tell(scene(1))
    installation.count()
    installation.broker.save()
    installation.broker.stop()
    installation.start()
    health = installation.health()
    assert (health["broker"], health["table"]["verdict"]) == ("away", "loading")
    ready = installation.http.get("/ready")
    assert ready.status_code == 503
    assert int(ready.headers["retry-after"]) > 0
    assert installation.http.get("/").status_code == 200
    installation.broker.start()
    installation.until_ready()
    assert installation.title(1) == "Scene number 1"


def test_state_info_and_stats_are_retained(installation: Installation) -> None:
    installation.ready(scene(1), scene(2))
    installation.keys("folder 1/scene 1.mp4")
    installation.keys(UNKNOWN)
    installation.title(1)
    ear = installation.ear
    wait_until(lambda: ear.json("provider/state").get("ready"), "the state")
    assert ear.json("provider/state")["state"] == "online"
    wait_until(lambda: ear.json("provider/stats").get("misses") == 1, "the stats")
    stats = ear.json("provider/stats")
    assert (stats["matches"], stats["misses"], stats["metadata"], stats["scenes"]) == (1, 1, 1, 2)
    assert 0 < stats["p50_ms"] <= stats["p99_ms"]
    info = ear.json("provider/info")
    assert (info["service"], info["identifier"], info["scenes"]) == (VERSION, IDENTIFIER, 2)
    for leaf in ("state", "info", "stats"):
        assert retained(installation, f"provider/{leaf}").retain


def test_stats_are_not_repeated_when_nothing_is_new(installation: Installation) -> None:
    installation.ready(scene(1))
    installation.keys(UNKNOWN)
    wait_until(lambda: installation.ear.json("provider/stats").get("misses") == 1, "the stats")
    heard = [payload for topic, payload in installation.ear.heard if topic.endswith("provider/stats")]
    assert len(heard) == len(set(heard)) <= 3


def test_health_repeats_what_the_watcher_says_of_stash(installation: Installation) -> None:
    installation.stash("reachable")
    installation.ready(scene(1))
    wait_until(lambda: installation.health()["stash_reachable"], "Stash to be reachable")
    installation.stash("unauthorized")
    wait_until(lambda: installation.health()["stash"] == "unauthorized", "the change")
    assert not installation.health()["stash_reachable"]
    installation.stash("reachable", state="offline")
    wait_until(lambda: installation.health()["stash"] == "unknown", "the watcher's leaving")
    assert installation.keys("folder 1/scene 1.mp4") == ["1"]


def test_a_file_that_no_scene_has_is_reported_until_it_matches(installation: Installation) -> None:
    installation.ready(scene(1))
    assert installation.keys(UNKNOWN) == installation.keys(UNKNOWN) == []
    installation.keys("/media/Films/new/searched.mp4", manual=1)
    installation.keys("/media/Films/else/scene 1.mp4")
    wait_until(lambda: len(installation.unmatched()) == 2, "the reports")
    assert installation.unmatched()[UNKNOWN]["count"] == 1
    report = retained(installation, f"provider/unmatched/{leaf_of(UNKNOWN[1:])}")
    assert 0 < vars(report.properties)["MessageExpiryInterval"] <= MONTH
    installation.tell(scene(9, "/data/new/unknown.mp4"))
    wait_until(lambda: installation.keys(UNKNOWN) == ["9"], "the scene")
    wait_until(lambda: UNKNOWN not in installation.unmatched(), "the report to go")


def test_a_report_goes_when_plex_reads_the_scene_that_has_the_file(installation: Installation) -> None:
    installation.ready(scene(1))
    assert installation.keys("new/unknown.mp4") == []
    wait_until(installation.unmatched, "the report")
    installation.tell(scene(9, "/data/new/unknown.mp4"))
    wait_until(lambda: installation.title(9), "the scene")
    wait_until(lambda: not installation.unmatched(), "the report to go")


def test_a_report_goes_when_a_scene_with_the_file_appears_without_plex_asking_again(
    installation: Installation,
) -> None:
    installation.ready(scene(1))
    assert installation.keys("new/unknown.mp4") == installation.keys("/media/Films/new/other.mp4") == []
    wait_until(lambda: len(installation.unmatched()) == 2, "the reports")
    assert "no scene has a file" in installation.unmatched()["new/unknown.mp4"]["why"]
    installation.tell(scene(9, "/data/new/unknown.mp4"))
    wait_until(lambda: list(installation.unmatched()) == ["/media/Films/new/other.mp4"], "one report to go")


def test_a_report_goes_when_its_scene_appears_while_the_provider_is_away(installation: Installation) -> None:
    installation.ready(scene(1))
    assert installation.keys("new/unknown.mp4") == []
    wait_until(installation.unmatched, "the report")
    installation.provider.stop()
    installation.tell(scene(9, "/data/new/unknown.mp4"))
    installation.count()
    installation.start()
    installation.until_ready()
    wait_until(lambda: not installation.unmatched(), "the report to go")


def test_what_could_be_several_scenes_is_reported_with_them(installation: Installation) -> None:
    twins = scene(1, "/data/A/S/x.mp4"), scene(2, "/data/B/S/x.mp4")
    installation.ready(*twins)
    assert installation.keys("S/x.mp4") == installation.keys("x.mp4") == []
    wait_until(lambda: len(installation.unmatched()) == 2, "the reports")
    tied, bare = installation.unmatched()["S/x.mp4"], installation.unmatched()["x.mp4"]
    assert (tied["candidates"], bare["candidates"]) == ([1, 2], [1, 2])
    assert "2 scenes" in tied["why"]
    assert "without a folder" in bare["why"]
    installation.forget(2)
    installation.tell(scene(1, "/data/A/S/x.mp4", seq=9, title="Touched"))
    wait_until(lambda: "S/x.mp4" not in installation.unmatched(), "the report of what is one scene now to go")


def test_reports_outlive_a_restart(installation: Installation) -> None:
    installation.ready(scene(1))
    assert installation.keys(UNKNOWN) == []
    wait_until(installation.unmatched, "the report")
    assert installation.provider.stop() == 0
    installation.start()
    installation.until_ready()
    assert installation.keys(UNKNOWN) == []
    wait_until(lambda: installation.unmatched()[UNKNOWN]["count"] == 2, "the count to go on")


def test_a_taken_port_ends_it_with_status_2_naming_the_setting(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = service("provider", tmp_path, {"S2P_PROVIDER_PORT": str(port)})
        process.start()
        assert process.wait() == 2
    said = process.log.read_text()
    assert f"S2P_PROVIDER_PORT is {port}" in said
    assert "Traceback" not in said


def test_it_ends_in_time_and_answers_what_it_holds(installation: Installation) -> None:
    installation.start()
    wait_until(lambda: installation.health()["table"]["verdict"] == "unknown", "the empty table")
    with ThreadPoolExecutor() as pool:
        held = pool.submit(installation.ask, UNKNOWN)
        wait_until(lambda: connections(installation) > 0, "the question to be under way")
        begun = time.monotonic()
        assert installation.provider.stop() == 0
        assert time.monotonic() - begun < 8
        assert held.result().status_code == 503
    assert "Traceback" not in installation.provider.log.read_text()
    wait_until(lambda: installation.ear.json("provider/state")["state"] == "offline", "the goodbye")


def test_the_log_is_one_object_a_line_where_that_is_asked_for(installation: Installation) -> None:
    installation.tell(scene(1))
    installation.count()
    installation.start(S2P_LOG_FORMAT="json")
    installation.until_ready()
    with socket.create_connection(("127.0.0.1", installation.port)) as sock:
        sock.sendall(b"no http at all\r\n\r\n")
        assert sock.recv(100)
    assert installation.provider.stop() == 0
    lines = installation.provider.log.read_text().splitlines()
    assert lines
    assert all(line.startswith("{") and line.endswith("}") for line in lines), lines
    assert any("Invalid HTTP request" in line for line in lines)


def connections(installation: Installation) -> int:
    """Count connections to the provider that are open in the table of the kernel."""
    with open("/proc/net/tcp") as table:  # noqa: PTH123 - not a file of ours
        rows = [row.split() for row in table.readlines()[1:]]
    return sum(row[1].endswith(f":{installation.port:04X}") and row[3] == "01" for row in rows)


def retained(installation: Installation, topic: str) -> MQTTMessage:
    """Return the retained message of a topic, with its properties."""
    where = {"hostname": "127.0.0.1", "port": installation.broker.port, "protocol": MQTTProtocolVersion.MQTTv5}
    message = subscribe.simple(f"stash2plex/{topic}", **where)  # type: ignore[no-untyped-call] # paho leaves it untyped
    return cast("MQTTMessage", message)
