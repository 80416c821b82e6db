"""Edits of tags, performers, studios and groups: the scenes that have them never move (Stash source v0.30)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulators.stash.edits.transaction import NAMED, Edit, Refused, picture
from simulators.stash.model import Gallery

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulators.stash.model import Scene


def _ref(args: dict[str, Any]) -> Any:
    return args["id"] if "id" in args else args["name"]


def _beside(row: Any) -> str:
    """Return what makes equal names different: a performer's disambiguation."""
    return str(getattr(row, "disambiguation", ""))


def _saved(edit: Edit, kind: str, row: Any, **given: Any) -> dict[str, Any]:
    edit.touch(row)
    edit.fire_entity(kind, "Update", row.id, {"id": str(row.id), **given})
    return {"id": row.id, "updated_at": row.updated_at}


def rename(kind: str) -> Callable[[Edit, dict[str, Any]], dict[str, Any]]:
    """Return the op that renames: {id | name, to}; only the entity's updated_at moves, fires its Update."""

    def op(edit: Edit, args: dict[str, Any]) -> dict[str, Any]:
        row = edit.entity(kind, _ref(args))
        others = (one for one in getattr(edit.db, NAMED[kind][0]).rows.values() if one is not row)
        if kind != "group" and (args["to"], _beside(row)) in {(one.name, _beside(one)) for one in others}:
            raise Refused(f"{kind} with name '{args['to']}' already exists")
        row.name = args["to"]
        return _saved(edit, kind, row, name=args["to"])

    return op


def image(kind: str) -> Callable[[Edit, dict[str, Any]], dict[str, Any]]:
    """Return the op that sets an image: {id | name, data? | seed? | none?}; moves and fires as a rename does."""

    def op(edit: Edit, args: dict[str, Any]) -> dict[str, Any]:
        row = edit.entity(kind, _ref(args))
        row.image = picture(args, row.image)
        return _saved(edit, kind, row, image=args.get("data", ""))

    return op


def update(kind: str) -> Callable[[Edit, dict[str, Any]], dict[str, Any]]:
    """Return the op that sets plain columns: {id | name, fields}; moves and fires as a rename does."""

    def op(edit: Edit, args: dict[str, Any]) -> dict[str, Any]:
        row = edit.entity(kind, _ref(args))
        for name in args["fields"]:
            if not hasattr(row, name) or name.endswith(("_at", "_id", "_ids")) or name in {"id", "image"}:
                raise Refused(f"{kind} has no plain field {name}")
        for name, value in args["fields"].items():
            setattr(row, name, tuple(value) if isinstance(value, list) else value)
        return _saved(edit, kind, row, **args["fields"])

    return op


def create(kind: str) -> Callable[[Edit, dict[str, Any]], dict[str, Any]]:
    """Return the op that creates: {name}; fires its Create."""

    def op(edit: Edit, args: dict[str, Any]) -> dict[str, Any]:
        return {"id": edit.ensure(kind, args["name"])}

    return op


def destroy(kind: str) -> Callable[[Edit, dict[str, Any]], dict[str, Any]]:
    """Return the op that deletes: {id | name}; scenes lose it without a trace, fires its Destroy."""

    def op(edit: Edit, args: dict[str, Any]) -> dict[str, Any]:
        row = edit.entity(kind, _ref(args))
        if kind == "tag" and any(marker.primary_tag_id == row.id for marker in edit.db.markers.rows.values()):
            raise Refused("cannot delete tag used as a primary tag in scene markers")
        replace(edit, kind, row.id, None)
        getattr(edit.db, NAMED[kind][0]).remove(row.id)
        edit.fire_entity(kind, "Destroy", row.id)
        return {"id": row.id}

    return op


def _swap(ids: tuple[int, ...], old: int, new: int | None) -> tuple[int, ...]:
    swapped = (new if one == old else one for one in ids)
    return tuple(dict.fromkeys(one for one in swapped if one is not None))


def _swap_in_scene(scene: Scene, kind: str, old: int, new: int | None) -> None:
    if kind == "tag":
        scene.tag_ids = _swap(scene.tag_ids, old, new)
    elif kind == "performer":
        scene.performer_ids = _swap(scene.performer_ids, old, new)
    elif kind == "studio" and scene.studio_id == old:
        scene.studio_id = new
    elif kind == "group":
        scene.group_ids = tuple((one, index) for one, index in scene.group_ids if one != old)


def replace(edit: Edit, kind: str, old: int, new: int | None) -> None:
    """Put `new` (or nothing) wherever `old` was, and move no timestamp."""
    for scene in edit.db.scenes.rows.values():
        _swap_in_scene(scene, kind, old, new)
    if kind == "tag":
        for marker in edit.db.markers.rows.values():
            marker.tag_ids = _swap(marker.tag_ids, old, new)
            marker.primary_tag_id = new if marker.primary_tag_id == old and new else marker.primary_tag_id
        for table in (edit.db.performers, edit.db.studios, edit.db.groups):
            for row in table.rows.values():
                row.tag_ids = _swap(row.tag_ids, old, new)
        for tag in edit.db.tags.rows.values():
            tag.parent_ids = _swap(tag.parent_ids, old, new)
    if kind == "studio":
        for studio in edit.db.studios.rows.values():
            studio.parent_id = new if studio.parent_id == old else studio.parent_id


def _merge(edit: Edit, kind: str, args: dict[str, Any]) -> tuple[Any, list[int]]:
    destination = edit.entity(kind, args["destination"])
    sources = [edit.entity(kind, one) for one in args["sources"]]
    if destination in sources:
        raise Refused(f"cannot merge a {kind} with itself")
    for source in sources:
        replace(edit, kind, source.id, destination.id)
        destination.aliases = (*destination.aliases, source.name, *source.aliases)
        getattr(edit.db, NAMED[kind][0]).remove(source.id)
    return destination, [source.id for source in sources]


def tag_merge(edit: Edit, args: dict[str, Any]) -> dict[str, Any]:
    """Merge tags: {sources, destination}; not even the destination's updated_at moves, fires Tag.Merge."""
    destination, sources = _merge(edit, "tag", args)
    given = {"source": [str(one) for one in sources], "destination": str(destination.id)}
    edit.fire("Tag.Merge", destination.id, given)
    return {"id": destination.id, "removed": sources}


def performer_merge(edit: Edit, args: dict[str, Any]) -> dict[str, Any]:
    """Merge performers: {sources, destination}; only the destination's updated_at moves, fires nothing."""
    destination, sources = _merge(edit, "performer", args)
    edit.touch(destination)
    return {"id": destination.id, "removed": sources}


def studio_parent(edit: Edit, args: dict[str, Any]) -> dict[str, Any]:
    """Put a studio below another: {id | name, parent: name|id|null}; moves and fires as a rename does."""
    row = edit.entity("studio", _ref(args))
    parent = args.get("parent")
    row.parent_id = None if parent is None else edit.entity("studio", parent).id
    return _saved(edit, "studio", row, parent_id=row.parent_id and str(row.parent_id))


def tag_parents(edit: Edit, args: dict[str, Any]) -> dict[str, Any]:
    """Set a tag's parents: {id | name, parents: [name|id]}; only the edited tag moves, not the other side."""
    row = edit.entity("tag", _ref(args))
    row.parent_ids = tuple(edit.entity("tag", one).id for one in args["parents"])
    return _saved(edit, "tag", row, parent_ids=[str(one) for one in row.parent_ids])


def tag_children(edit: Edit, args: dict[str, Any]) -> dict[str, Any]:
    """Set what is below a tag: {id | name, children: [name|id]}; only the edited tag moves, not the other side."""
    row = edit.entity("tag", _ref(args))
    below = {edit.entity("tag", one).id for one in args["children"]}
    for child in edit.db.tags.rows.values():
        others = tuple(one for one in child.parent_ids if one != row.id)
        child.parent_ids = (*others, row.id) if child.id in below else others
    return _saved(edit, "tag", row, child_ids=[str(one) for one in sorted(below)])


def sub_group_add(edit: Edit, args: dict[str, Any]) -> dict[str, Any]:
    """Put a group into another: {id | name, sub: name|id}; no timestamp moves, fires nothing."""
    row, sub = edit.entity("group", _ref(args)), edit.entity("group", args["sub"])
    row.sub_group_ids = (*row.sub_group_ids, sub.id)
    return {"id": row.id}


def entity_destroy(edit: Edit, args: dict[str, Any]) -> dict[str, Any]:
    """Delete a tag, performer, studio or group: {kind, id | name}; as tag_destroy and so on."""
    return destroy(args["kind"])(edit, args)


def gallery_create(edit: Edit, args: dict[str, Any]) -> dict[str, Any]:
    """Create a gallery: {title, scenes?}; its scenes do not move, fires Gallery.Create."""
    gallery = edit.db.galleries.add(Gallery(title=args["title"], **edit.times()))
    for scene in [edit.scene(one) for one in args.get("scenes", ())]:
        scene.gallery_ids = (*scene.gallery_ids, gallery.id)
    edit.fire("Gallery.Create", gallery.id, {"title": gallery.title})
    return {"id": gallery.id}


def gallery_rename(edit: Edit, args: dict[str, Any]) -> dict[str, Any]:
    """Rename a gallery: {id, to}; only the gallery's updated_at moves, fires Gallery.Update."""
    gallery = edit.row(edit.db.galleries, args["id"], "gallery")
    gallery.title = args["to"]
    edit.touch(gallery)
    edit.fire("Gallery.Update", gallery.id, {"id": str(gallery.id), "title": args["to"]})
    return {"id": gallery.id, "updated_at": gallery.updated_at}


def gallery_scenes(edit: Edit, args: dict[str, Any]) -> dict[str, Any]:
    """Set a gallery's scenes from the gallery: {id, scenes: [id]}; only the gallery moves, fires Gallery.Update."""
    gallery = edit.row(edit.db.galleries, args["id"], "gallery")
    wanted = {edit.scene(one).id for one in args["scenes"]}
    for scene in edit.db.scenes.rows.values():
        others = tuple(one for one in scene.gallery_ids if one != gallery.id)
        scene.gallery_ids = (*others, gallery.id) if scene.id in wanted else others
    edit.touch(gallery)
    edit.fire("Gallery.Update", gallery.id, {"id": str(gallery.id), "scene_ids": [str(one) for one in sorted(wanted)]})
    return {"id": gallery.id}
