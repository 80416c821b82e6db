"""What the fields of tags, performers, studios, groups and galleries answer where it is not the row's attribute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulators.stash.resolvers import count_where, db_of, first_url, many, one, scenes_where, tags
from simulators.stash.timestamps import to_unix

if TYPE_CHECKING:
    from simulators.stash.asked import Info, Resolver
    from simulators.stash.model import Group, Named, Studio, Tag


def _image_path(route: str) -> Resolver:
    """Resolve to a URL that always works; `default=true` says that the entity has no image of its own."""

    def resolve(row: Named, info: Info) -> str:
        default = "" if row.image else "&default=true"
        return f"{info.context.base_url}/{route.format(row.id)}?t={to_unix(row.updated_at)}{default}"

    return resolve


def _back_image_path(group: Group, info: Info) -> str | None:
    if group.back_image is None:
        return None
    return f"{info.context.base_url}/group/{group.id}/backimage?t={to_unix(group.updated_at)}"


def _child_tags(tag: Tag, info: Info) -> list[Tag]:
    return [other for other in db_of(info).tags.rows.values() if tag.id in other.parent_ids]


def _child_studios(studio: Studio, info: Info) -> list[Studio]:
    return [other for other in db_of(info).studios.rows.values() if other.parent_id == studio.id]


def _sub_groups(group: Group, info: Info) -> list[dict[str, Any]]:
    groups = db_of(info).groups.rows
    return [{"group": groups[group_id], "description": None} for group_id in group.sub_group_ids]


def _containing_groups(group: Group, info: Info) -> list[dict[str, Any]]:
    groups = db_of(info).groups.rows.values()
    return [{"group": other, "description": None} for other in groups if group.id in other.sub_group_ids]


_in_group = scenes_where(lambda scene, group_id: any(group_id == held for held, _ in scene.group_ids))
_GROUP: dict[str, Resolver] = {
    "aliases": lambda group, _info: ", ".join(group.aliases),
    "url": first_url,
    "tags": tags,
    "studio": one("studios", "studio_id"),
    "front_image_path": _image_path("group/{}/frontimage"),
    "back_image_path": _back_image_path,
    "scene_count": lambda group, info, depth=None: len(_in_group(group, info)),  # noqa: ARG005 - as above
    "scenes": _in_group,
    "sub_groups": _sub_groups,
    "containing_groups": _containing_groups,
}
ENTITY_FIELDS: dict[str, dict[str, Resolver]] = {
    "Tag": {
        "image_path": _image_path("tag/{}/image"),
        "scene_count": count_where(lambda scene, tag_id: tag_id in scene.tag_ids),
        "parents": many("tags", lambda tag: tag.parent_ids),
        "children": _child_tags,
        "parent_count": lambda tag, _info: len(tag.parent_ids),
        "child_count": lambda tag, info: len(_child_tags(tag, info)),
    },
    "Performer": {
        "url": first_url,
        "alias_list": lambda performer, _info: performer.aliases,
        "tags": tags,
        "image_path": _image_path("performer/{}/image"),
        "scene_count": count_where(lambda scene, performer_id: performer_id in scene.performer_ids),
        "scenes": scenes_where(lambda scene, performer_id: performer_id in scene.performer_ids),
    },
    "Studio": {
        "url": first_url,
        "parent_studio": one("studios", "parent_id"),
        "child_studios": _child_studios,
        "tags": tags,
        "image_path": _image_path("studio/{}/image"),
        "scene_count": count_where(lambda scene, studio_id: scene.studio_id == studio_id),
    },
    "Group": _GROUP,
    "Movie": _GROUP,
    "Gallery": {
        "url": first_url,
        "scenes": scenes_where(lambda scene, gallery_id: gallery_id in scene.gallery_ids),
        "studio": one("studios", "studio_id"),
        "tags": tags,
        "performers": many("performers", lambda gallery: gallery.performer_ids),
    },
}
