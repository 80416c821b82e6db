"""What the writer answers people about content: plan, explain, pin, unpin, and the start after a review."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from common.answers import Detail
from common.messages import ReviewStats
from common.service import now
from services.plex_writer.explain import Explain
from services.plex_writer.pins import Pins
from services.plex_writer.preview import Preview
from services.plex_writer.review import Review

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from common.messages import Request
    from common.options import Options
    from common.table import Table
    from services.plex_writer.dirty import Dirty
    from services.plex_writer.library import Library
    from services.plex_writer.outcomes import Outcomes
    from services.plex_writer.plex import Plex


class Desk:
    """`started` is when a person ended the review, or empty; `began` is awaited when one does."""

    def __init__(
        self,
        *,
        plex: Plex,
        scenes: Table,
        loads: Table,
        outcomes: Outcomes,
        library: Library,
        options: Options,
        dirty: Dirty,
        wake: Callable[[], None],
        began: Callable[[], Awaitable[None]],
    ) -> None:
        self.started = ""
        preview = Preview(
            plex=plex,
            scenes=scenes,
            loads=loads,
            outcomes=outcomes,
            library=library,
            options=options,
            dirty=dirty,
        )
        self.review = Review(preview, dirty)
        self._preview = preview
        self._pins = Pins(plex=plex, scenes=scenes, outcomes=outcomes, dirty=dirty, wake=wake)
        self._explain = Explain(
            plex=plex,
            loads=loads,
            outcomes=outcomes,
            library=library,
            options=options,
            dirty=dirty,
            preview=preview,
        )
        self._began = began

    def begin(self, mode: Literal["write", "review"], started: str) -> None:
        """Take over what the settings and the last process say, before anything is handled."""
        self.started = started
        self.review.active = mode == "review" and not started

    @property
    def told(self) -> ReviewStats | None:
        """What is told of a review on `stats`; None when there is none."""
        return ReviewStats(scenes=self.review.scenes, fields=dict(self.review.counts)) if self.review.active else None

    @property
    def handlers(self) -> dict[str, Callable[[Request], Awaitable[object]]]:
        """What is answered, by command."""
        return {
            "plan": self._preview.on_plan,
            "explain": self._explain.on_explain,
            "pin": self._pins.pin,
            "unpin": self._pins.unpin,
            "start": self._on_start,
        }

    async def _on_start(self, _: Request) -> Detail:
        if not self.review.active:
            return Detail(detail="it writes already; there is no review to end")
        self.started = now()
        self.review.end()
        await self._began()
        return Detail(detail="the review has ended; all that differs is written now, see pending on stats")
