"""`GET /gaps` shows what the writers retain, and follows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common import messages
from common.messages import Gap, GapReport
from tools.processes import wait_until

if TYPE_CHECKING:
    from tests.provider.installation import Installation


def report(count: int) -> GapReport:
    rows = tuple(Gap(scene=number, title=f"Scene {number}") for number in range(1, count + 1))
    return GapReport(at="2026-01-01T00:00:00Z", counts={"stale": count}, first={"stale": rows})


def test_the_reports_of_all_servers_are_shown_and_replaced(installation: Installation) -> None:
    installation.start()
    assert installation.http.get("/gaps").json() == {"servers": {}}
    for name, count in (("plex", 2), ("attic", 3)):
        installation.retain((f"plex/{name}/gaps", messages.encode(report(count))))
    wait_until(lambda: len(installation.http.get("/gaps").json()["servers"]) == 2, "both reports")
    shown = installation.http.get("/gaps?server=attic").json()
    assert shown["counts"] == {"stale": 3}
    assert [row["scene"] for row in shown["first"]["stale"]] == [1, 2, 3]
    installation.retain(("plex/attic/gaps", messages.encode(report(1))))
    wait_until(
        lambda: installation.http.get("/gaps/?server=attic").json()["counts"] == {"stale": 1}, "the newer report"
    )
    installation.retain(("plex/attic/gaps", b"{not json"), ("plex/plex/gaps", b""))
    wait_until(lambda: list(installation.http.get("/gaps").json()["servers"]) == ["attic"], "the one that is left")
    answer = installation.http.get("/gaps?server=cellar")
    assert answer.status_code == 404
    assert "cellar" in answer.json()["error"]
