"""Whether the writer has matched an item to the scene that has an id now, after another scene had it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from common import messages
from common.errors import Unavailable, Undecodable
from common.messages import Outcome
from services.provider.mirror import NotYet

if TYPE_CHECKING:
    from common.messages import Scene
    from common.service import Service
    from services.provider.mirror import Mirror

READ: Final = 2.0


class Rebirth:
    """Asks the writer's outcomes; Stash gives ids away again after a full import, or is another Stash altogether."""

    def __init__(self, service: Service, mirror: Mirror) -> None:
        self._service = service
        self._mirror = mirror

    async def is_rematched(self, scene: Scene) -> bool:
        """Tell whether the writer has handled this very scene. Raises NotYet while the broker cannot say."""
        topic = self._service.topics.outcome(self._service.settings.plex.name, scene.id)
        try:
            async with asyncio.timeout(READ):
                payload = (await self._service.reader.read([topic])).get(topic)
            outcome = messages.decode(Outcome, payload) if payload else None
        except (TimeoutError, Unavailable) as error:
            raise NotYet(f"the broker cannot say now whether scene {scene.id} has been matched anew") from error
        except Undecodable as error:
            self._service.undecoded.add(topic, error)
            return False
        if outcome is None or outcome.born != scene.born:
            return False
        self._mirror.catalog.reborn.discard(scene.id)
        return True
