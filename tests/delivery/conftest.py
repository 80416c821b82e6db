"""The worlds that a scenario starts with are those of the stories."""

from __future__ import annotations

from tests.stories.conftest import running, world

__all__ = ["running", "world"]
