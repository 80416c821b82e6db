"""Stash's scene in, the payload's Scene out, without a stamp; pure.

What Stash keeps as a set comes in an order of ours, so that the same content always has the same `rev`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from common import messages
from common.errors import Undecodable
from common.item import short_hash
from common.messages import File, Group, Marker, Named, Performer, Scene, StashId
from services.stash_watcher.entities import KINDS, House, Label, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from services.stash_watcher import answers
    from services.stash_watcher.entities import Entities, Kind

_COVER = re.compile(r"/scene/\d+/screenshot(?=$|\?)")
_PORTRAIT = re.compile(r"(/performer/\d+/image)(?:\?(.*))?$")
_VERSION = re.compile(r"(?:^|&)t=(\d+)(?:&|$)")


class _Id(Struct, frozen=True, gc=False):
    id: str


class _Membership(Struct, frozen=True, gc=False):
    scene_index: int | None
    group: _Id


class _Marker(Struct, frozen=True, gc=False):
    title: str
    seconds: float
    primary_tag: _Id


class _Fingerprint(Struct, frozen=True, gc=False):
    type: str
    value: str


class _File(Struct, frozen=True, gc=False):
    path: str
    size: int
    duration: float
    width: int
    height: int
    fingerprints: list[_Fingerprint]


class _StashId(Struct, frozen=True, gc=False):
    endpoint: str
    stash_id: str


class _Paths(Struct, frozen=True, gc=False):
    screenshot: str | None


class _Scene(Struct, frozen=True, gc=False):
    id: str
    created_at: str
    updated_at: str
    title: str | None
    details: str | None
    date: str | None
    code: str | None
    director: str | None
    rating100: int | None
    organized: bool
    urls: list[str]
    studio: _Id | None
    performers: list[_Id]
    tags: list[_Id]
    groups: list[_Membership]
    scene_markers: list[_Marker]
    files: list[_File]
    stash_ids: list[_StashId]
    paths: _Paths


class Draft(Struct, frozen=True, gc=False):
    """A scene as Stash answers it: `scene` lacks what its entities are called, and the `rev`.

    `groups` are (id, index), `markers` (title, seconds, id of the primary tag).
    """

    scene: Scene
    studio: int | None
    performers: tuple[int, ...]
    tags: tuple[int, ...]
    groups: tuple[tuple[int, int | None], ...]
    markers: tuple[tuple[str, float, int], ...]

    @property
    def id(self) -> int:
        """The scene's id."""
        return self.scene.id

    @property
    def updated_at(self) -> str:
        """Stash's own time of the last change, raw."""
        return self.scene.updated_at


class _Identified(Struct, frozen=True, gc=False):
    id: str
    updated_at: str = ""


_decoder = msgspec.json.Decoder(_Scene)
_identify = msgspec.json.Decoder(_Identified)


def draft_of(raw: bytes | msgspec.Raw) -> Draft:
    """Return one scene of an answer; raise Undecodable with what it lacks."""
    try:
        return _draft(_decoder.decode(raw))
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise Undecodable(f"Stash's answer lacks or garbles a part of the scene: {error}") from error


def identity_of(raw: bytes | msgspec.Raw) -> tuple[int, str] | None:
    """Return id and updated_at of a scene that is otherwise undecodable, if that much can be read."""
    try:
        row = _identify.decode(raw)
        return int(row.id), row.updated_at
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError):
        return None


def needs_of(drafts: Iterable[Draft]) -> Iterator[tuple[Kind, int]]:
    """Yield each entity that has to be known to show these scenes, once."""
    needed: dict[Kind, set[int]] = {kind: set() for kind in KINDS}
    for draft in drafts:
        if draft.studio is not None:
            needed["studio"].add(draft.studio)
        needed["performer"].update(draft.performers)
        needed["tag"].update(draft.tags)
        needed["tag"].update(tag for _, _, tag in draft.markers)
        needed["group"].update(one for one, _ in draft.groups)
    for kind, ids in needed.items():
        for one in ids:
            yield kind, one


def joined(draft: Draft, entities: Entities) -> Scene:
    """Return the scene with its entities and its `rev`, stamp (0, 0); an entity that is not known is left out."""
    performers = [performer for one in sorted(draft.performers) if (performer := entities.performer(one)) is not None]
    groups = [
        Group(id=one, name=name, index=index)
        for one, index in sorted(draft.groups, key=lambda group: group[0])
        if (name := entities.name("group", one)) is not None
    ]
    markers = [
        Marker(title=title, seconds=seconds, tag=entities.name("tag", tag) or "")
        for title, seconds, tag in draft.markers
    ]
    content = msgspec.structs.replace(
        draft.scene,
        updated_at="",
        studio=None if draft.studio is None else entities.studio(draft.studio),
        performers=tuple(performers),
        tags=entities.tags(draft.tags),
        groups=tuple(groups),
        markers=tuple(sorted(markers, key=lambda mark: (mark.seconds, mark.title, mark.tag))) if markers else (),
    )
    rev = short_hash(messages.encode(content))
    return msgspec.structs.replace(content, updated_at=draft.updated_at, rev=rev)


def tag_row(given: answers.Tag) -> Row:
    """Return a tag as scenes show it."""
    parents = tuple(sorted(int(parent.id) for parent in given.parents))
    children = None if given.children is None else frozenset(int(child.id) for child in given.children)
    return Row(int(given.id), Label(given.name, parents), given.updated_at, children)


def group_row(given: answers.Tag) -> Row:
    """Return a group as scenes show it."""
    group = Named(id=int(given.id), name=given.name)
    return Row(group.id, group, given.updated_at)


def performer_row(given: answers.Performer) -> Row:
    """Return a performer as scenes show them."""
    performer = Performer(
        id=int(given.id),
        name=given.name,
        disambiguation=given.disambiguation or "",
        gender=given.gender or "",
        image=_portrait(given.image_path or ""),
    )
    return Row(performer.id, performer, given.updated_at)


def studio_row(given: answers.Studio) -> Row:
    """Return a studio as scenes show it."""
    parent = int(given.parent_studio.id) if given.parent_studio else None
    return Row(int(given.id), House(given.name, parent), given.updated_at)


ROWS: dict[Kind, Callable[..., Row]] = {
    "tag": tag_row,
    "performer": performer_row,
    "studio": studio_row,
    "group": group_row,
}


def _draft(given: _Scene) -> Draft:
    return Draft(
        scene=_bare(given),
        studio=int(given.studio.id) if given.studio else None,
        performers=tuple(int(one.id) for one in given.performers),
        tags=tuple(int(one.id) for one in given.tags),
        groups=tuple((int(one.group.id), one.scene_index) for one in given.groups),
        markers=tuple((mark.title, mark.seconds, int(mark.primary_tag.id)) for mark in given.scene_markers),
    )


def _bare(given: _Scene) -> Scene:
    return Scene(
        id=int(given.id),
        epoch=0,
        seq=0,
        rev="",
        born=given.created_at,
        updated_at=given.updated_at,
        title=given.title or "",
        details=given.details or "",
        date=given.date or "",
        code=given.code or "",
        director=given.director or "",
        rating100=given.rating100,
        organized=given.organized,
        urls=tuple(given.urls),
        files=_files(given.files),
        stash_ids=tuple(sorted(map(_stash_id, given.stash_ids), key=lambda there: (there.endpoint, there.stash_id))),
        cover=_cover(given.paths.screenshot or ""),
    )


def _files(given: list[_File]) -> tuple[File, ...]:
    """Only the first place has a meaning: the primary file's."""
    files = [_file(file) for file in given]
    return (*files[:1], *sorted(files[1:], key=lambda file: file.path))


def _file(given: _File) -> File:
    prints = {fingerprint.type: fingerprint.value for fingerprint in given.fingerprints}
    return File(
        path=given.path,
        size=given.size,
        duration=given.duration,
        width=given.width,
        height=given.height,
        oshash=prints.get("oshash", ""),
        phash=prints.get("phash", ""),
    )


def _stash_id(given: _StashId) -> StashId:
    return StashId(endpoint=given.endpoint, stash_id=given.stash_id)


def _cover(url: str) -> str:
    """Its query is the scene's updated_at, so the path alone is stable (Stash source v0.30)."""
    match = _COVER.search(url)
    return match[0] if match else ""


def _portrait(url: str) -> str:
    """Keep the version, which is the performer's updated_at; `default=true` marks a random silhouette."""
    match = _PORTRAIT.search(url)
    query = (match[2] or "") if match else ""
    if match is None or "default=true" in query.split("&"):
        return ""
    version = _VERSION.search(query)
    return f"{match[1]}?t={version[1]}" if version else match[1]
