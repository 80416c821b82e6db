"""Whether the retained table tells all that Stash has, also what Plex never shows: markers, addresses, hashes. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tools.chaos.scalars import Violation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    Row = Mapping[str, Any]


def judge_table(rows: Iterable[Row], payloads: Mapping[int, Row]) -> Iterator[Violation]:
    """Yield each field of each scene that its topic tells otherwise than Stash has it; those without a topic are not.

    `rows` are scenes as the simulated Stash tells of them, `payloads` what is retained.
    """
    for row in rows:
        payload = payloads.get(row["id"])
        if payload is None:
            continue
        for name, (of_row, of_payload) in FIELDS.items():
            want, told = of_row(row), of_payload(payload)
            if name not in payload.get("cut", ()) and want != told:
                text = f"the topic tells {told!r}, and Stash has {want!r}"
                yield Violation("lost", row["id"], f"stash/scene {name}", text)


def _plain(name: str) -> tuple[Callable[[Row], Any], Callable[[Row], Any]]:
    return (lambda row: row[name] or "", lambda payload: payload.get(name) or "")


def _set(name: str, *keys: str) -> tuple[Callable[[Row], Any], Callable[[Row], Any]]:
    """Compare lists of objects without their order; in Stash a single key stands for itself."""

    def of_row(row: Row) -> list[Any]:
        return sorted(repr(_values(one, keys)) for one in row[name])

    def of_payload(payload: Row) -> list[Any]:
        return sorted(repr(_values(one, keys)) for one in payload.get(name, ()))

    return of_row, of_payload


def _values(entry: Any, keys: tuple[str, ...]) -> tuple[Any, ...]:
    if not isinstance(entry, dict):
        return (entry,)
    return tuple(float(entry[key]) if key == "seconds" else entry.get(key) or "" for key in keys)


def _paths(paths: list[str]) -> list[str]:
    """Only the primary file has a place of its own."""
    return [*paths[:1], *sorted(paths[1:])]


FIELDS: Final[dict[str, tuple[Callable[[Row], Any], Callable[[Row], Any]]]] = {
    **{name: _plain(name) for name in ("title", "details", "date", "code", "director", "rating100", "organized")},
    "urls": (lambda row: list(row["urls"]), lambda payload: list(payload.get("urls", ()))),
    "studio": (
        lambda row: (row["studio"], row["studio_parent"]),
        lambda payload: _studio(payload.get("studio")),
    ),
    "performers": _set("performers", "name"),
    "tags": _set("tags", "name"),
    "groups": _set("groups", "name", "index"),
    "markers": _set("markers", "seconds", "title", "tag"),
    "stash_ids": _set("stash_ids", "endpoint", "stash_id"),
    "files": (
        lambda row: _paths(row["files"]),
        lambda payload: _paths([file["path"] for file in payload.get("files", ())]),
    ),
    "oshash": (
        lambda row: row["oshashes"][:1],
        lambda payload: [file.get("oshash", "") for file in payload.get("files", ())[:1]],
    ),
}


def _studio(given: Row | None) -> tuple[str | None, str | None]:
    if not given:
        return None, None
    parent = given.get("parent")
    return given["name"], parent["name"] if parent else None
