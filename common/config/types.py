"""Types of single keys: how a written value becomes a checked one, and its JSON schema for editors."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    SecretStr,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from common.config.values import (
    broker_address,
    field_choice,
    folder,
    header_value,
    lower,
    one_line,
    template,
    topic_base,
    topic_name,
    web_address,
    words,
)
from common.errors import Misconfigured
from common.options import CollectionSource
from common.paths import PathRules

INTERVALS: Final = {"never": None, "hourly": 3_600.0, "daily": 86_400.0}

_RULE_KEYS: Final = ("stash", "plex", "stash_as", "plex_as", "example")
_RULE_SCHEMA: Final = {
    "type": "object",
    "additionalProperties": False,
    "required": ["stash", "plex"],
    "dependentRequired": {key: list(_RULE_KEYS) for key in ("stash_as", "plex_as", "example")},
    "properties": {**{key: {"type": "string"} for key in _RULE_KEYS}, "ignore_case": {"type": "boolean"}},
}
_RULES_SCHEMA: Final = {
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"anyOf": [{"type": "string"}, _RULE_SCHEMA]}}]
}
_SWEEP_SCHEMA: Final = {"anyOf": [{"type": "number", "minimum": 60}, {"enum": list(INTERVALS)}]}
_SOURCES_SCHEMA: Final = {
    "anyOf": [{"type": "array", "items": {"enum": list(get_args(CollectionSource))}}, {"type": "string"}]
}
_NAMES_SCHEMA: Final = {"anyOf": [{"type": "array", "items": {"type": ["string", "integer"]}}, {"type": "string"}]}


class Keys(BaseModel):
    """A group of keys."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
        coerce_numbers_to_str=True,
        allow_inf_nan=False,
    )


class ScalarKeys(Keys):
    """How a text, number or image follows Stash; what is left out is as by default."""

    policy: Literal["sync", "fill", "off"] | None = None
    """sync: Stash wins; fill: only where Plex is empty or holds what we wrote; off: never."""

    lock: bool | None = None
    """Whether what we write is locked against Plex's own refresh."""


class ListKeys(Keys):
    """How a list follows Stash; what is left out is as by default."""

    policy: Literal["sync", "fill", "off", "merge"] | None = None
    """merge: ours are added, only ours are removed; sync also removes what others added; fill and off as elsewhere."""

    lock: bool | None = None
    """Whether what we write is locked against Plex's own refresh."""


def _field_schema(*policies: str) -> dict[str, object]:
    lock = {"type": "boolean", "description": ScalarKeys.model_fields["lock"].description}
    group = {"policy": {"enum": list(policies)}, "lock": lock}
    return {"anyOf": [{"enum": list(policies)}, {"type": "object", "additionalProperties": False, "properties": group}]}


def _header_secret(secret: SecretStr) -> SecretStr:
    return SecretStr(header_value(secret.get_secret_value()))


def _broker(secret: SecretStr) -> SecretStr:
    broker_address(secret.get_secret_value())
    return secret


def _interval(value: object) -> object:
    word = lower(value)
    return INTERVALS[word] if isinstance(word, str) and word in INTERVALS else value


def _rules(value: Any, info: ValidationInfo) -> PathRules:
    """Read path rules; their mistakes travel in the context of one error."""
    try:
        return PathRules.parse(value, ignore_case=info.data.get("paths_ignore_case", False))
    except Misconfigured as error:
        raise PydanticCustomError("path_rules", "path rules", {"problems": error.problems}) from error


Scalar = Annotated[ScalarKeys, BeforeValidator(field_choice), WithJsonSchema(_field_schema("sync", "fill", "off"))]
List = Annotated[ListKeys, BeforeValidator(field_choice), WithJsonSchema(_field_schema("sync", "fill", "off", "merge"))]

WebAddress = Annotated[str, AfterValidator(web_address)]
BrokerAddress = Annotated[SecretStr, AfterValidator(_broker)]
HeaderSecret = Annotated[SecretStr, AfterValidator(_header_secret)]
TopicName = Annotated[str, AfterValidator(topic_name)]
TopicBase = Annotated[str, AfterValidator(topic_base)]
Names = Annotated[tuple[str, ...], BeforeValidator(words), WithJsonSchema(_NAMES_SCHEMA)]
Folder = Annotated[str, AfterValidator(folder)]
Folders = Annotated[tuple[Folder, ...], BeforeValidator(words), WithJsonSchema(_NAMES_SCHEMA)]
Rules = Annotated[PathRules, PlainValidator(_rules), WithJsonSchema(_RULES_SCHEMA)]

Word = BeforeValidator(lower)
Template = Annotated[str, AfterValidator(template)]
OneLine = Annotated[str, AfterValidator(one_line)]
Sources = Annotated[
    tuple[Annotated[CollectionSource, Word], ...], BeforeValidator(words), WithJsonSchema(_SOURCES_SCHEMA)
]
Schedule = Annotated[Literal["never", "hourly", "daily", "weekly"], Word]
Sweep = Annotated[float | None, Field(ge=60), BeforeValidator(_interval), WithJsonSchema(_SWEEP_SCHEMA)]
Timeout = Annotated[float, Field(ge=0.1, le=1_800)]
