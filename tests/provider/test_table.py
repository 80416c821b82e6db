"""The provider's table follows the broker, and never answers from less than it had."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from common.messages import Outcome, encode
from tests.provider.given import scene
from tests.provider.installation import Installation
from tools.processes import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    import httpx


def path(number: int) -> str:
    """Return where Plex has the file of a scene as `given.scene` makes it."""
    return f"/media/Films/folder {number}/scene {number}.mp4"


def test_edits_arrive_live_in_the_order_of_their_stamps(installation: Installation) -> None:
    installation.ready(scene(1, seq=5, title="As loaded"))
    assert installation.title(1) == "As loaded"
    installation.tell(scene(1, seq=6, title="Edited"))
    wait_until(lambda: installation.title(1) == "Edited", "the edit")
    installation.tell(scene(1, seq=4, title="Older"), scene(2, seq=7))
    wait_until(lambda: installation.title(2), "a new scene, told after the older row")
    assert installation.title(1) == "Edited"
    assert installation.keys(path(2)) == ["2"]
    installation.forget(2)
    wait_until(lambda: installation.title(2) is None, "the removal")
    assert installation.keys(path(2)) == []


def test_what_cannot_be_read_is_counted_with_its_topic_and_not_guessed_at(installation: Installation) -> None:
    installation.ready(scene(1, title="Good"))
    installation.tell(scene(2, v=9))
    installation.retain(("stash/scene/1", b'{"id": 1, "tit'))
    wait_until(lambda: stats(installation)["undecodable"]["count"] == 2, "both to be counted", seconds=15)
    last = " ".join(stats(installation)["undecodable"]["last"])
    assert "stash2plex/stash/scene/2: version 9" in last
    assert "stash2plex/stash/scene/1: not a payload of ours" in last
    assert installation.title(1) == "Good"
    assert installation.title(2) is None
    installation.tell(scene(1, seq=9, title="Mended"), scene(2, seq=10))
    wait_until(lambda: installation.title(2), "the next version that can be read")
    assert installation.title(1) == "Mended"


def test_answers_go_on_while_the_broker_is_killed_and_comes_back_empty(installation: Installation) -> None:
    installation.ready(*(scene(number) for number in range(1, 20)))
    with ThreadPoolExecutor() as pool:
        asking = pool.submit(lambda: [installation.keys(path(1 + turn % 19)) for turn in range(400)])
        installation.broker.kill()
        assert asking.result() == [[str(1 + turn % 19)] for turn in range(400)]
    wait_until(lambda: installation.health()["broker"] == "away", "the loss to be noticed")
    assert installation.keys("/media/Films/none/x.mp4") == []
    installation.broker.start()
    wait_until(lambda: installation.health()["broker"] == "connected", "the broker to be back")
    wait_until(lambda: installation.health()["table"]["verdict"] == "unknown", "the empty table to be seen")
    assert installation.keys(path(7)) == ["7"]
    assert installation.http.get("/ready").status_code == 200


def test_what_was_removed_meanwhile_goes_once_a_load_is_complete(installation: Installation) -> None:
    installation.ready(scene(1), scene(2), scene(3))
    installation.broker.kill()
    installation.broker.start()
    installation.tell(scene(1, seq=10, title="Newer"), scene(3, seq=11))
    installation.forget(2)
    assert installation.title(2) is not None
    installation.count(seq=12)
    wait_until(lambda: installation.title(2) is None, "the scene that is gone to go")
    assert installation.title(1) == "Newer"
    assert installation.title(3) is not None


def test_what_a_rolled_back_broker_has_forgotten_is_kept(installation: Installation) -> None:
    installation.tell(scene(1, title="Before"))
    installation.count()
    installation.broker.save()
    installation.ready(scene(1, seq=5, title="After"), scene(2, seq=6))
    installation.broker.kill()
    installation.broker.restore()
    installation.broker.start()
    wait_until(lambda: installation.provider.log.read_text().count("table_loaded") == 2, "the second load")
    assert installation.title(1) == "After"
    assert installation.title(2) is not None


def test_a_restart_finds_the_table_again(installation: Installation) -> None:
    installation.ready(scene(1), scene(2))
    assert installation.provider.stop() == 0
    wait_until(lambda: installation.ear.json("provider/state")["state"] == "offline", "the goodbye")
    installation.start()
    installation.until_ready()
    assert installation.keys(path(2)) == ["2"]
    wait_until(lambda: installation.ear.json("provider/state").get("ready"), "its state")


@pytest.mark.story
def test_a_broker_that_truncates_is_reported_with_its_setting_and_what_came_is_answered(tmp_path: Path) -> None:
    with Installation(tmp_path, raised_limits=False, S2P_PATHS="/data=>/media/Films") as made:
        made.ready(*(scene(number) for number in range(1, 2_001)))
        table = made.health()["table"]
        assert table["verdict"] == "suspect"
        assert 1_000 <= table["scenes"] < 2_000
        assert "max_queued_messages" in table["suspect"]
        wait_until(lambda: "max_queued_messages" in stats(made).get("suspect", ""), "the stats to say it")
        known = [number for number in range(1, 2_001) if made.keys(path(number)) == [str(number)]]
        assert len(known) == table["scenes"]


def test_a_question_that_comes_too_early_is_answered_when_its_scene_arrives(installation: Installation) -> None:
    installation.start()
    with ThreadPoolExecutor() as pool:
        asking = pool.submit(installation.keys, path(1))
        reading = pool.submit(installation.title, 1)
        wait_until(lambda: installation.health()["table"]["verdict"] == "unknown", "the empty table to be loaded")
        assert not asking.done()
        installation.tell(scene(1, title="In time"))
        assert asking.result(15) == ["1"]
        assert reading.result(15) == "In time"
    assert installation.http.get("/ready").status_code == 503


def test_nothing_is_said_to_be_missing_while_the_watcher_loads(installation: Installation) -> None:
    installation.tell(scene(1))
    installation.count(0, loading=True)
    installation.start()
    with ThreadPoolExecutor() as pool:
        asking = pool.submit(installation.keys, path(2))
        wait_until(lambda: installation.keys(path(1)) == ["1"], "what is there to be answered")
        assert not asking.done()
        installation.count()
        assert asking.result(15) == []
    installation.until_ready()


@pytest.mark.story
def test_a_question_that_cannot_be_answered_is_put_off_after_20_seconds_and_recorded(
    installation: Installation,
) -> None:
    installation.start()
    with ThreadPoolExecutor() as pool:
        answers: list[httpx.Response] = [
            asked.result(30)
            for asked in (
                pool.submit(installation.ask, path(1)),
                pool.submit(installation.http.get, "/library/metadata/1"),
            )
        ]
    for answer in answers:
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert 19 < answer.elapsed.total_seconds() < 25
        assert "not complete" in answer.json()["error"]
    wait_until(lambda: path(1) in installation.unmatched(), "the report")
    wait_until(lambda: stats(installation).get("delayed") == 1, "the count")


def test_an_id_that_names_another_scene_is_unknown_until_the_writer_has_matched_it(installation: Installation) -> None:
    installation.ready(scene(1, "/data/a/x.mp4", born="2024-01-01", title="Before"))
    again = scene(1, "/data/b/y.mp4", born="2025-01-01", seq=2, title="After")
    installation.tell(again)
    wait_until(lambda: installation.title(1) is None, "the id to be unknown")
    installation.retain(("plex/plex/scene/1", encode(outcome(again, born="2024-01-01"))))
    assert installation.title(1) is None
    installation.retain(("plex/plex/scene/1", encode(outcome(again))))
    assert installation.title(1) == "After"


def test_an_id_that_names_another_scene_is_known_again_once_a_scan_matched_it(installation: Installation) -> None:
    installation.ready(scene(1, "/data/a/x.mp4", born="2024-01-01"))
    installation.tell(scene(1, "/data/b/y.mp4", born="2025-01-01", seq=2, title="After"))
    wait_until(lambda: installation.title(1) is None, "the id to be unknown")
    assert installation.keys("/media/Films/b/y.mp4") == ["1"]
    assert installation.title(1) == "After"


def outcome(made: Any, **more: Any) -> Outcome:
    facts = {"id": made.id, "epoch": made.epoch, "seq": made.seq, "born": made.born, "rev": made.rev, **more}
    return Outcome(**facts, want="w", state="synced", at="")


def stats(installation: Installation) -> Any:
    return {"undecodable": {"count": 0}, **installation.ear.json("provider/stats")}
