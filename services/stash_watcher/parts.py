"""What the two lanes and the reporter share: one object each, made by the watcher."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from services.stash_watcher.entities import Entities
from services.stash_watcher.progress import Progress
from services.stash_watcher.pulse import COUNTED, Pulse, pulses
from services.stash_watcher.work import Work

if TYPE_CHECKING:
    from collections.abc import Sequence

    from common.messages import Stamp
    from common.service import Service
    from common.table import Table
    from services.stash_watcher.desk import Desk
    from services.stash_watcher.library import Library
    from services.stash_watcher.link import Link
    from services.stash_watcher.publisher import Publisher
    from services.stash_watcher.watermark import Watermark

AT_ONCE = 200


@dataclass(slots=True)
class Parts:
    """The watcher's parts and what is true of it as a whole.

    `loading` while a first load is not complete. `suspect` says why loads of our table can't be trusted, if so. `held`
    counts removals that wait for a person's word. `balance` is how many scenes Stash has more than we publish, as the
    last whole listing found it. `covered` is the stamp that `info` tells until the first walk over Stash is done, since
    a broker that lost state while we were away can't be told from one that did not before that. `wake_bulk` is set when
    there is something new to do for the bulk lane. `stirred` is when something changed last, in monotonic seconds,
    `looks` how many have been made.
    """

    service: Service
    table: Table
    library: Library
    publisher: Publisher
    link: Link
    desk: Desk
    entities: Entities = field(default_factory=Entities)
    work: Work = field(default_factory=Work)
    pulses: dict[str, Pulse] = field(default_factory=pulses)
    progress: Progress = field(default_factory=Progress)
    loading: bool = False
    suspect: str = ""
    held: int = 0
    balance: int | None = None
    total: int = 0
    covered: Stamp | None = None
    stirred: float | None = None
    looks: int = 0
    wake_bulk: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def watermark(self) -> Watermark:
        """How far the changes of scenes have been seen."""
        return self.pulses["scene"].watermark

    def want_sweep(self) -> None:
        """Have all scenes compared: something does not add up."""
        self.work.sweep_wanted = True
        self.wake_bulk.set()

    def want_all(self) -> None:
        """Have everything compared, scenes and what they refer to."""
        self.work.want(COUNTED)
        self.want_sweep()

    def want(self, ids: Sequence[int]) -> None:
        """Have these scenes fetched at once; all but the first few hundred in turn with the other bulk work."""
        self.desk.ask(ids[:AT_ONCE])
        self.put_off(ids[AT_ONCE:])

    def put_off(self, ids: Sequence[int]) -> None:
        """Have these scenes fetched when there is nothing better to do."""
        if ids:
            self.work.fetch(ids)
            self.wake_bulk.set()
