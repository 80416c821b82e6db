"""Which outcomes a retry means."""

from __future__ import annotations

import pytest

from common.errors import Rejected
from common.messages import Outcome, OutcomeState, Request
from services.plex_writer.retry import chosen


def outcome(number: int, state: OutcomeState, detail: str) -> Outcome:
    facts = {"epoch": 1, "seq": 1, "born": "b", "rev": "r", "want": "w", "at": "2026-01-01T00:00:00Z"}
    return Outcome(id=number, state=state, detail=detail, **facts)  # type: ignore[arg-type]


OUTCOMES = [
    outcome(1, "failed", "Not written: PUT /library/sections/1/all: Plex refuses this request (400)."),
    outcome(2, "failed", "PUT /library/sections/1/all: 500"),
    outcome(3, "synced", ""),
    outcome(4, "waiting", "Plex has no item with the file /media/x.mp4 in Films yet."),
    outcome(5, "ambiguous", "Plex's item 7 holds files of this scene and of scene 6."),
]


@pytest.mark.parametrize(
    ("request_", "ids"),
    [
        (Request(), [1, 2]),
        (Request(state="failed"), [1, 2]),
        (Request(state="waiting"), [4]),
        (Request(reason="500"), [2]),
        (Request(reason="PLEX REFUSES"), [1]),
        (Request(reason="holds files"), []),
        (Request(reason="holds files", state="ambiguous"), [5]),
        (Request(ids=(2, 3)), [2, 3]),
        (Request(ids=(2, 3), state="failed"), [2]),
        (Request(ids=(99,)), []),
    ],
)
def test_scenes_are_chosen_by_id_state_and_reason(request_: Request, ids: list[int]) -> None:
    assert list(chosen(OUTCOMES, request_)) == ids


def test_an_unknown_state_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(Rejected, match="synced, waiting, ambiguous, failed, skipped"):
        list(chosen(OUTCOMES, Request(state="broken")))
