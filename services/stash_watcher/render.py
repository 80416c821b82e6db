"""Stash's scene in, the payload's Scene out, without a stamp; pure.

What Stash keeps as a set comes in an order of ours, so that the same content always has the same `rev`.
"""

from __future__ import annotations

import re

import msgspec
from msgspec import Struct

from common import messages
from common.errors import Undecodable
from common.item import short_hash
from common.messages import File, Group, Marker, Named, Performer, Scene, StashId, Studio

_COVER = re.compile(r"/scene/\d+/screenshot(?=$|\?)")
_PORTRAIT = re.compile(r"(/performer/\d+/image)(?:\?(.*))?$")
_VERSION = re.compile(r"(?:^|&)t=(\d+)(?:&|$)")


class _Entity(Struct, frozen=True):
    id: str
    name: str


class _Studio(_Entity, frozen=True):
    parent_studio: _Entity | None


class _Performer(_Entity, frozen=True):
    disambiguation: str | None
    gender: str | None
    image_path: str | None


class _Membership(Struct, frozen=True):
    scene_index: int | None
    group: _Entity


class _Tag(Struct, frozen=True):
    name: str


class _Marker(Struct, frozen=True):
    title: str
    seconds: float
    primary_tag: _Tag


class _Fingerprint(Struct, frozen=True):
    type: str
    value: str


class _File(Struct, frozen=True):
    path: str
    size: int
    duration: float
    width: int
    height: int
    fingerprints: list[_Fingerprint]


class _StashId(Struct, frozen=True):
    endpoint: str
    stash_id: str


class _Paths(Struct, frozen=True):
    screenshot: str | None


class _Scene(Struct, frozen=True):
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
    studio: _Studio | None
    performers: list[_Performer]
    tags: list[_Entity]
    groups: list[_Membership]
    scene_markers: list[_Marker]
    files: list[_File]
    stash_ids: list[_StashId]
    paths: _Paths


class _Identified(Struct, frozen=True):
    id: str
    updated_at: str = ""


_decoder = msgspec.json.Decoder(_Scene)
_identify = msgspec.json.Decoder(_Identified)


def scene_of(raw: bytes | msgspec.Raw) -> Scene:
    """Return one scene of an answer with its `rev`, stamp (0, 0); raise Undecodable with what it lacks."""
    try:
        return _with_rev(_scene(_decoder.decode(raw)))
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise Undecodable(f"Stash's answer lacks or garbles a part of the scene: {error}") from error


def identity_of(raw: bytes | msgspec.Raw) -> tuple[int, str] | None:
    """Return id and updated_at of a scene that is otherwise undecodable, if that much can be read."""
    try:
        row = _identify.decode(raw)
        return int(row.id), row.updated_at
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError):
        return None


def _with_rev(scene: Scene) -> Scene:
    content = msgspec.structs.replace(scene, updated_at="")
    return msgspec.structs.replace(scene, rev=short_hash(messages.encode(content)))


def _scene(given: _Scene) -> Scene:
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
        studio=_studio(given.studio),
        performers=tuple(sorted(map(_performer, given.performers), key=lambda performer: performer.id)),
        tags=tuple(sorted(map(_named, given.tags), key=lambda tag: (tag.name.casefold(), tag.id))),
        groups=tuple(sorted(map(_group, given.groups), key=lambda group: group.id)),
        markers=tuple(sorted(map(_marker, given.scene_markers), key=lambda mark: (mark.seconds, mark.title, mark.tag))),
        files=_files(given.files),
        stash_ids=tuple(sorted(map(_stash_id, given.stash_ids), key=lambda there: (there.endpoint, there.stash_id))),
        cover=_cover(given.paths.screenshot or ""),
    )


def _named(given: _Entity) -> Named:
    return Named(id=int(given.id), name=given.name)


def _studio(given: _Studio | None) -> Studio | None:
    if given is None:
        return None
    parent = _named(given.parent_studio) if given.parent_studio else None
    return Studio(id=int(given.id), name=given.name, parent=parent)


def _performer(given: _Performer) -> Performer:
    return Performer(
        id=int(given.id),
        name=given.name,
        disambiguation=given.disambiguation or "",
        gender=given.gender or "",
        image=_portrait(given.image_path or ""),
    )


def _group(given: _Membership) -> Group:
    return Group(id=int(given.group.id), name=given.group.name, index=given.scene_index)


def _marker(given: _Marker) -> Marker:
    return Marker(title=given.title, seconds=given.seconds, tag=given.primary_tag.name)


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
