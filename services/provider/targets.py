"""Which picture in Stash an address of ours stands for; only what the scenes name has one. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from common.errors import NotFound
from common.filters import excluded
from common.item import cover_version

if TYPE_CHECKING:
    from common.images import Shape
    from common.options import Options
    from services.provider.catalog import Catalog

IMAGES: Final = "/images"
SCENE_IMAGES: Final = ("poster", "art")
ENTITIES: Final = ("performer", "studio", "group")

_IN_STASH: Final = {
    "scene": "/scene/{}/screenshot",
    "performer": "/performer/{}/image",
    "studio": "/studio/{}/image",
    "group": "/group/{}/frontimage",
}


class Target(NamedTuple):
    """One picture in Stash: its name here, its path there, and the version that we were told of, empty if of none."""

    name: str
    path: str
    version: str
    shape: Shape = "raw"


def is_known(catalog: Catalog, kind: str, entity: int) -> bool:
    """Tell whether a scene, or an entity that a scene names, is here."""
    if kind == "scene":
        return entity in catalog
    if kind == "performer":
        return catalog.entities.portrait(entity) is not None
    return bool(catalog.entities.members(kind, entity))


def target_of(catalog: Catalog, options: Options, kind: str, entity: int, shape: Shape) -> Target:
    """Return the picture of a scene, performer, studio or group. Raises NotFound with the reason why there is none."""
    if not is_known(catalog, kind, entity):
        raise NotFound(f"no scene names {kind} {entity}" if kind != "scene" else f"there is no scene {entity} in Stash")
    name, path = f"{kind}-{entity}", _IN_STASH[kind].format(entity)
    if kind == "scene":
        return Target(name, path, _cover_version(catalog, options, entity), shape)
    if kind == "performer":
        version = catalog.entities.portrait(entity)
        if not version:
            raise NotFound(f"performer {entity} has no picture in Stash")
        return Target(name, path, version)
    return Target(name, path, "")


def _cover_version(catalog: Catalog, options: Options, scene_id: int) -> str:
    scene = catalog.scene(scene_id)
    if scene is None or not scene.cover:
        raise NotFound(f"scene {scene_id} has no cover in Stash")
    if (reason := excluded(scene, options.filters)) is not None:
        raise NotFound(f"scene {scene_id} is kept from Plex: {reason}")
    return cover_version(scene)
