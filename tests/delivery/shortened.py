"""`python -m tests.delivery.shortened SERVICE MODULE.NAME=JSON…`: a service with some of its waiting times shortened.

The service is the product's own, unchanged but for these constants, so that a test of what happens after ten minutes
does not take ten minutes.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import sys
from typing import TYPE_CHECKING, Any

from tools.processes import Process

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.stories.world import World


def start(world: World, name: str, constants: Mapping[str, Any], **settings: str) -> Process:
    """Start a service of this world with constants, by `module.NAME`, in place of its own."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("S2P_")}
    env = {**clean, "PYTHONUNBUFFERED": "1", "S2P_IN_CONTAINER": "false", **world.settings, **settings}
    given = [f"{constant}={json.dumps(value)}" for constant, value in constants.items()]
    process = Process(name, [sys.executable, "-m", "tests.delivery.shortened", name, *given], world.folder, env)
    world.services[name] = process
    process.start()
    return process


def main() -> None:
    """Set the constants, then become the service."""
    name, *given = sys.argv[1:]
    for one in given:
        constant, _, value = one.partition("=")
        module, _, attribute = constant.rpartition(".")
        target = importlib.import_module(module)
        if not hasattr(target, attribute):
            raise SystemExit(f"{constant} is no constant of the product")
        setattr(target, attribute, json.loads(value))
    runpy.run_module(f"services.{name}", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
