"""`retry`: which outcomes it means. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from common.errors import Rejected
from common.messages import OutcomeState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from common.messages import Outcome, Request

STATES = get_args(OutcomeState)


def chosen(outcomes: Iterable[Outcome], request: Request) -> Iterator[int]:
    """Yield the scenes that a request means: those it names, else those in `state`, which is `failed` by default.

    `reason` is any part of an outcome's sentence, in either case. Raises Rejected for a state that there is not.
    """
    state = request.state or ("" if request.ids else "failed")
    if state and state not in STATES:
        raise Rejected(f"there is no state {state}; there are: {', '.join(STATES)}")
    named, reason = set(request.ids), request.reason.casefold()
    for outcome in outcomes:
        named_too = not named or outcome.id in named
        if named_too and state in {"", outcome.state} and reason in outcome.detail.casefold():
            yield outcome.id
