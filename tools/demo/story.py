"""The order of the chapters, what they all share, and the last word."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from tools.demo import arrivals, mishaps
from tools.demo.compare import FIELDS, compare, described
from tools.demo.promise import Broken, until
from tools.demo.world import FOLDERS, SCENES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tools.demo.compare import Comparison
    from tools.demo.listener import Listener
    from tools.demo.screen import Screen
    from tools.demo.servers import Plex, Row, Stash
    from tools.demo.world import World

    T = TypeVar("T")
