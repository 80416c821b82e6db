"""The JSON schema of the YAML file, for editors: `python -m common.config.schema >config.schema.json`."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from pydantic.json_schema import GenerateJsonSchema

from common.config.keys import Config
from common.options import DEFAULT_FIELDS

if TYPE_CHECKING:
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import core_schema


class _Schema(GenerateJsonSchema):
    """Without titles that repeat the key, and without defaults that are groups, secrets or nothing."""

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002 - the library's signature
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        plain = isinstance(schema.get("default"), str | float | int | bool) and schema.get("default") != ""
        return super().default_schema(schema) if plain else self.generate_inner(schema["schema"])


def schema() -> dict[str, Any]:
    """Return the schema, with each field's default policy."""
    tree = Config.model_json_schema(schema_generator=_Schema)
    for name, default in DEFAULT_FIELDS.items():
        tree["$defs"]["Fields"]["properties"][name]["default"] = default.policy
    return {"$schema": GenerateJsonSchema.schema_dialect, **tree}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(schema(), indent=2, ensure_ascii=False) + "\n")
