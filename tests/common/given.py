"""Settings from nothing but what a test gives."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from common.errors import Misconfigured
from common.settings import Settings, load

if TYPE_CHECKING:
    from common.settings import Service

ROOT = Path(__file__).parents[2]
OUTSIDE = {"S2P_IN_CONTAINER": "false"}
SECRET = "hunter2"


def given(service: Service = "tool", /, **variables: str) -> Settings:
    """Load settings outside of any container."""
    return load(service, {**OUTSIDE, **variables})


def written(folder: Path, text: str) -> dict[str, str]:
    """Write a YAML file and return the variables that name it."""
    path = folder / "config.yaml"
    path.write_text(text, "utf-8")
    return {"S2P_CONFIG": str(path)}


def problems(service: Service = "tool", /, **variables: str) -> list[str]:
    """Return the mistakes in the settings, none of which may show the secret."""
    with pytest.raises(Misconfigured) as caught:
        given(service, **variables)
    assert SECRET not in str(caught.value)
    return caught.value.problems


def problem(service: Service = "tool", /, **variables: str) -> str:
    """Return the only mistake."""
    (only,) = problems(service, **variables)
    return only
