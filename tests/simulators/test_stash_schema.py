"""The schema: a true subset of the real ones, in the variant of the version asked for."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    build_client_schema,
    parse,
    validate,
)

from simulators.stash import filter_fields
from simulators.stash.engine import Engine
from simulators.stash.schema import build, version_tuple

REAL = Path(__file__).resolve().parents[2].parent / "shared" / "conformance" / "stash"
VERSIONS = ("0.26.0", "0.27.0", "0.28.0", "0.29.0", "0.30.1", "0.31.0")
WITH_FIELDS = (GraphQLObjectType, GraphQLInterfaceType, GraphQLInputObjectType)


def real_schemas() -> dict[str, GraphQLSchema]:
    """Return the schemas of real Stashes, by version, as far as their introspection is at hand."""
    found = {}
    for path in REAL.glob("introspection-*.json"):
        version = re.sub(r"introspection-|\.json", "", path.name)
        found[version] = build_client_schema(json.loads(path.read_text()))
    return found


def shape(kind: Any) -> dict[str, Any]:
    """Return a type's fields with their types, arguments and deprecation, or an enum's values."""
    if isinstance(kind, GraphQLEnumType):
        return dict.fromkeys(kind.values)
    return {
        name: (
            str(field.type),
            {argument: str(one.type) for argument, one in getattr(field, "args", {}).items()},
            field.deprecation_reason is not None,
        )
        for name, field in kind.fields.items()
    }


def test_every_field_is_in_the_real_schema_with_the_same_type_arguments_and_deprecation() -> None:
    for version, real in real_schemas().items():
        for name, kind in build(version, {}).type_map.items():
            if isinstance(kind, (*WITH_FIELDS, GraphQLEnumType)) and not name.startswith("__"):
                theirs = shape(real.type_map[name])
                assert {field: theirs.get(field) for field in shape(kind)} == shape(kind), (version, name)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_filter_field_of_every_version_is_honoured(version: str) -> None:
    tables = {
        "Scene": filter_fields.SCENE,
        "SceneMarker": filter_fields.MARKER,
        "File": filter_fields.FILE,
        "Folder": filter_fields.FOLDER,
        "Tag": filter_fields.TAG,
        "Performer": filter_fields.PERFORMER,
        "Studio": filter_fields.STUDIO,
        "Group": filter_fields.GROUP,
        "Movie": filter_fields.GROUP,
        "Gallery": filter_fields.GALLERY,
    }
    types = build(version, {}).type_map
    for name, table in tables.items():
        kind = types.get(f"{name}FilterType")
        if isinstance(kind, GraphQLInputObjectType):
            assert set(kind.fields) - {"AND", "OR", "NOT"} <= set(table), name


@pytest.mark.parametrize(
    ("since", "query"),
    [
        ("0.27", "{findScenes{scenes{groups{scene_index group{id}}}}}"),
        ("0.27", '{findScenes(scene_filter:{tags_filter:{name:{value:"x",modifier:EQUALS}}}){count}}'),
        ("0.27", "{findPerformers{performers{urls}}}"),
        ("0.28", "{findSceneMarkers{scene_markers{end_seconds}}}"),
        ("0.28", "{findSceneMarkers(ids:[1]){count}}"),
        ("0.28", "{findTags{tags{sort_name}}}"),
        ("0.29", "{findFiles{count files{path parent_folder{path}}}}"),
        ("0.30", "{findStudios{studios{urls}}}"),
        ("0.30", '{findScenes(scene_filter:{files_filter:{updated_at:{value:"x",modifier:GREATER_THAN}}}){count}}'),
        ("0.31", "{findScenes{scenes{custom_fields}}}"),
        ("0.26", "{findScenes{scenes{movies{scene_index movie{id}}}}}"),
        ("0.26", "{findMovies{count movies{id name}}}"),
    ],
)  # fmt: skip
def test_a_feature_is_there_from_its_version_on_and_not_before(since: str, query: str) -> None:
    for version in VERSIONS:
        errors = validate(build(version, {}), parse(query))
        assert (not errors) == (version_tuple(version) >= version_tuple(since)), (version, errors)


def test_a_version_with_commits_after_its_tag_is_that_version() -> None:
    assert version_tuple("v0.30.1-19-gcf3489e") == (0, 30, 1)


def test_introspection_tells_what_is_deprecated_and_hides_our_own_directives() -> None:
    fields = Engine("0.30.1").schema.type_map["Scene"].fields  # type: ignore[attr-defined] # an object type
    assert fields["movies"].deprecation_reason == "Use groups"
    assert Engine("0.26.0").schema.type_map["Scene"].fields["movies"].deprecation_reason is None  # type: ignore[attr-defined]
    assert {"since", "outdated"}.isdisjoint(directive.name for directive in Engine("0.30.1").schema.directives)


def test_a_field_can_be_taken_away() -> None:
    schema = build("0.30.1", {}, {"Scene.urls", "Query.findGroups", "SceneFilterType.files_filter"})
    assert validate(schema, parse("{findScenes{scenes{urls}}}"))
    assert validate(schema, parse("{findGroups{count}}"))
    assert validate(schema, parse("{findScenes(scene_filter:{files_filter:{}}){count}}"))
    assert not validate(schema, parse("{findStudios{studios{urls}}}"))
