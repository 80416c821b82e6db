"""What requests are answered with: the `data` of a Response, one frozen struct a command. Pure.

Readers ignore unknown fields, so an owner may add some. A command that is not here answers with a `Detail`.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from common.messages import Payload

Value = str | tuple[str, ...] | None
"""A field as people read it: text, the entries of a list, or None where Plex shows nothing."""


class Detail(Payload, frozen=True, kw_only=True):
    """One plain sentence about what happens now."""

    detail: str = ""


class Chosen(Payload, frozen=True, kw_only=True):
    """How many scenes a `retry` or `resync` has marked."""

    scenes: int = 0


class Change(Payload, frozen=True, kw_only=True):
    """One field that a plan would write: what Plex shows, what is wanted, and which rule decides so."""

    field: str
    current: Value = None
    wanted: Value = None
    why: str = ""


class PlannedItem(Payload, frozen=True, kw_only=True):
    """What would change on one Plex item; no changes mean that nothing is sent."""

    rating_key: str
    title: str = ""
    library: str = ""
    changes: tuple[Change, ...] = ()


class PlannedScene(Payload, frozen=True, kw_only=True):
    """What would be done for one scene; `state` is the outcome's state, `detail` says why it is not `synced`."""

    scene: int
    title: str = ""
    state: str = ""
    detail: str = ""
    items: tuple[PlannedItem, ...] = ()


class Plan(Payload, frozen=True, kw_only=True):
    """A page of a dry run over `total` scenes: the exact diff, `counts` by field, and the `next` page's offset."""

    scenes: tuple[PlannedScene, ...] = ()
    counts: dict[str, int] = msgspec.field(default_factory=dict)
    total: int = 0
    next: int | None = None


class MappedPath(Payload, frozen=True, kw_only=True):
    """A file of a scene in Stash's words and in Plex's; `plex` is None where no rule takes the path."""

    stash: str
    plex: str | None = None


class ExplainedField(Payload, frozen=True, kw_only=True):
    """One field of an item: what Plex shows, what is wanted, and whose the shown value is."""

    field: str
    shown: Value = None
    wanted: Value = None
    whose: Literal["ours", "theirs", "empty"] = "empty"
    policy: str = ""
    locked: bool | None = None


class ExplainedItem(Payload, frozen=True, kw_only=True):
    """A Plex item of a scene; `why` says how it was found."""

    rating_key: str
    library: str = ""
    title: str = ""
    why: str = ""
    fields: tuple[ExplainedField, ...] = ()


class Explanation(Payload, frozen=True, kw_only=True):
    """All that the writer knows of one scene; `outcome` is its outcome, `next` what happens next, as a sentence."""

    scene: int | None = None
    title: str = ""
    paths: tuple[MappedPath, ...] = ()
    items: tuple[ExplainedItem, ...] = ()
    outcome: dict[str, object] | None = None
    next: str = ""


class Proposal(Payload, frozen=True, kw_only=True):
    """A scene that a person who matches a file by hand may choose; `score` is 100 for the sure one, else up to 70."""

    scene: int
    title: str = ""
    score: int = 0


class Match(Payload, frozen=True, kw_only=True):
    """Which scene the provider gives Plex for a path, and `why` it is that or none, as a sentence."""

    path: str
    scene: int | None = None
    title: str = ""
    why: str = ""
    proposals: tuple[Proposal, ...] = ()


class Gaps(Payload, frozen=True, kw_only=True):
    """A page of what is missing on either side, made at `at`; `rows` are of one kind, `counts` of all kinds."""

    v: int = 1
    at: str = ""
    counts: dict[str, int] = msgspec.field(default_factory=dict)
    rows: tuple[dict[str, object], ...] = ()
    next: int | None = None


class Step(Payload, frozen=True, kw_only=True):
    """One step of a registration: what it is for, whether it was done, and what Plex answered."""

    what: str
    did: bool = False
    answer: str = ""


class Registration(Payload, frozen=True, kw_only=True):
    """What was done, or without `confirm` would be, to make Plex use the provider; `clicks` are left to a person."""

    steps: tuple[Step, ...] = ()
    clicks: tuple[str, ...] = ()


Level = Literal["ok", "warning", "error"]


class Finding(Payload, frozen=True, kw_only=True):
    """One link of the chain: `what` was seen, its `effect` and its `remedy`, which are empty when all is well."""

    id: str
    level: Level
    what: str
    effect: str = ""
    remedy: str = ""


class Findings(Payload, frozen=True, kw_only=True):
    """The answer to `check`: what an owner sees of its links of the chain."""

    findings: tuple[Finding, ...] = ()
