"""Every payload on the bus: JSON, UTF-8, frozen structs (DESIGN section 2).

Readers ignore unknown fields. An unknown `v` or an undecodable payload is an `Undecodable`, never a guess.
Times are ISO 8601 in UTC, unless a field is said to be raw, which is Stash's own text.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal, NamedTuple, TypeVar

import msgspec

from common.errors import Undecodable

VERSION = 1


class Stamp(NamedTuple):
    """Position of a publication: a larger stamp is newer, and nothing else is."""

    epoch: int
    seq: int


class Payload(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Base of all payloads: trees, which the garbage collector need not look through for cycles."""


class Named(Payload, frozen=True, kw_only=True):
    """An entity of Stash that a scene refers to: the parent of a studio or a tag."""

    id: int
    name: str


class Tag(Named, frozen=True, kw_only=True, omit_defaults=True):
    """A tag; `parents` are the tags directly above it, left out unless `S2P_MAPPING_GENRES_PARENTS` asks for them."""

    parents: tuple[Named, ...] = ()


class Studio(Named, frozen=True, kw_only=True):
    """A scene's studio and its direct parent."""

    parent: Named | None = None


class Performer(Named, frozen=True, kw_only=True):
    """A performer; `image` is a path on Stash with a version query, or empty."""

    disambiguation: str = ""
    gender: str = ""
    image: str = ""


class Group(Named, frozen=True, kw_only=True):
    """A group (movie) that the scene is part of, at `index` in it."""

    index: int | None = None


class Marker(Payload, frozen=True, kw_only=True):
    """A marker; `tag` is its primary tag's name."""

    title: str = ""
    seconds: float
    tag: str = ""


class File(Payload, frozen=True, kw_only=True):
    """One video file; `path` as Stash sees it, `size` in bytes, `duration` in seconds."""

    path: str
    size: int = 0
    duration: float = 0.0
    width: int = 0
    height: int = 0
    oshash: str = ""
    phash: str = ""


class StashId(Payload, frozen=True, kw_only=True):
    """The scene's id at a stash-box."""

    endpoint: str
    stash_id: str


class Scene(Payload, frozen=True, kw_only=True):
    """A whole scene of Stash; `files[0]` is the primary file.

    `born` is Stash's created_at and `updated_at` its own, both raw. `cover` is a path on Stash without query, or empty.
    `cut` names the fields that were left out because the broker takes no packet of the full size.
    """

    v: int = VERSION
    id: int
    epoch: int
    seq: int
    born: str
    rev: str
    updated_at: str
    title: str = ""
    details: str = ""
    date: str = ""
    code: str = ""
    director: str = ""
    rating100: int | None = None
    organized: bool = False
    urls: tuple[str, ...] = ()
    studio: Studio | None = None
    performers: tuple[Performer, ...] = ()
    tags: tuple[Tag, ...] = ()
    groups: tuple[Group, ...] = ()
    markers: tuple[Marker, ...] = ()
    files: tuple[File, ...] = ()
    stash_ids: tuple[StashId, ...] = ()
    cover: str = ""
    cut: tuple[str, ...] = ()

    @property
    def stamp(self) -> Stamp:
        """The position of this publication."""
        return Stamp(self.epoch, self.seq)


OutcomeState = Literal["synced", "waiting", "ambiguous", "failed", "skipped"]
Wrote = dict[str, str | tuple[str, ...]]
Found = Literal["path", "hash", "pin"]


class ItemOutcome(Payload, frozen=True, kw_only=True):
    """What was done to one Plex item.

    `wrote` has one short hash a scalar field and, for list fields, one for each entry that we added; where Plex shows
    something else than was sent, an entry is `<hash sent>><hash shown>`. `intent` has the hashes of a write that was
    begun and of which no end is recorded; `late` has those of one that had no answer and may still land on what was
    written since. `seen` is the item's updatedAt in Plex, in seconds, when it was read last.
    `found` says what the item was told by: its path, its content, or a pin.
    """

    state: Literal["synced", "failed", "unsure"]
    want: str
    wrote: Wrote = {}
    intent: Wrote | None = None
    late: Wrote | None = None
    seen: int = 0
    found: Found = "path"


class ImageOutcome(Payload, frozen=True, kw_only=True):
    """What is known of one image of one item, under `poster/<rating key>` or `art/<rating key>`.

    `checked` is Stash's `updated_at` when it was checked (raw), `etag` the provider's, `hash` Plex's name for the
    content that we showed, `shape` what it was shaped to. `detail` says why it is not shown, `attempts` and `due` when
    it is tried again.
    """

    checked: str = ""
    etag: str = ""
    hash: str = ""
    shape: str = ""
    detail: str = ""
    attempts: int = 0
    due: str | None = None

    def __post_init__(self) -> None:
        _check_moment("due", self.due)


class Outcome(Payload, frozen=True, kw_only=True):
    """How far one scene has come on one Plex server; `want` is the short hash of the item as wanted."""

    v: int = VERSION
    id: int
    epoch: int
    seq: int
    born: str
    rev: str
    want: str
    state: OutcomeState
    items: dict[str, ItemOutcome] = {}
    images: dict[str, ImageOutcome] = {}
    at: str
    attempts: int = 0
    due: str | None = None
    detail: str = ""
    pinned: str | None = None

    def __post_init__(self) -> None:
        _check_moment("due", self.due)

    @property
    def stamp(self) -> Stamp:
        """The position of the scene that this outcome is about."""
        return Stamp(self.epoch, self.seq)


class ServiceState(Payload, frozen=True, kw_only=True):
    """Online or offline; also each service's last will, where only `state`, `instance` and `since` are set."""

    state: Literal["online", "offline"]
    instance: str
    since: str


class WatcherState(ServiceState, frozen=True, kw_only=True):
    """The watcher's state; `stash` says how Stash is and `why`, `incompatible` has `<query>: <what it lacks>`."""

    stash: Literal["unknown", "reachable", "unreachable", "unauthorized", "not_ready", "replaced"] = "unknown"
    stash_since: str = ""
    why: str = ""
    incompatible: tuple[str, ...] = ()


class WriterState(ServiceState, frozen=True, kw_only=True):
    """The writer's state; `plex` says how Plex is and `why`, `paused` since when it writes nothing on request.

    `why` also tells what is wrong with the libraries of a Plex that can be reached.
    """

    plex: Literal["unknown", "reachable", "unreachable", "starting", "maintenance", "unauthorized"] = "unknown"
    plex_since: str = ""
    why: str = ""
    paused: str = ""


class ProviderState(ServiceState, frozen=True, kw_only=True):
    """The provider's state; `ready` once it can answer for the whole library."""

    ready: bool = False


class Undecoded(Payload, frozen=True, kw_only=True):
    """How many payloads could not be read, and the last few topics with the reason."""

    count: int = 0
    last: tuple[str, ...] = ()


class WatcherInfo(Payload, frozen=True, kw_only=True):
    """What the watcher has published so far, and from where; `watermarks` are raw, by entity kind.

    `source` tells one Stash from another. `scenes` is the number of retained scenes, `epoch` and `seq` the stamp of the
    last publication that this covers. `loading` while a first load is not complete.
    """

    v: int = VERSION
    service: str
    version: str = ""
    features: tuple[str, ...] = ()
    source: str = ""
    epoch: int = 0
    seq: int = 0
    scenes: int = 0
    loading: bool = False
    watermarks: dict[str, str] = {}

    @property
    def stamp(self) -> Stamp:
        """The stamp of the last publication covered."""
        return Stamp(self.epoch, self.seq)


class WatcherStats(Payload, frozen=True, kw_only=True):
    """Progress of a load or sweep (`task`, empty when idle), rate in scenes a second, and what happened last.

    `held` removals wait for a confirmed sweep. `suspect` says, when the broker leaves rows out, what to do about it.
    `skipped` are scenes that are too large for the broker even when cut.
    """

    task: str = ""
    done: int = 0
    total: int = 0
    rate: float = 0.0
    seconds_left: float | None = None
    scenes: int = 0
    published: int = 0
    removed: int = 0
    held: int = 0
    suspect: str = ""
    requests: int = 0
    last_change: str = ""
    skipped: Undecoded = Undecoded()
    undecodable: Undecoded = Undecoded()


class Library(Payload, frozen=True, kw_only=True):
    """One library of a Plex server, with the number of its items when last listed."""

    id: str
    title: str
    agent: str = ""
    locations: tuple[str, ...] = ()
    items: int = 0


class WriterInfo(Payload, frozen=True, kw_only=True):
    """Which Plex server this writer serves, and how many outcomes it has retained.

    `epoch` and `seq` are the stamp of the writer's own last publication of an outcome. `paused` is since when it writes
    nothing on request, `started` when a person ended the review; both are read back at the next start.
    """

    v: int = VERSION
    service: str
    server: str = ""
    machine: str = ""
    version: str = ""
    libraries: tuple[Library, ...] = ()
    epoch: int = 0
    seq: int = 0
    outcomes: int = 0
    paused: str = ""
    started: str = ""


class ReviewStats(Payload, frozen=True, kw_only=True):
    """A dry run of everything: how many scenes were planned, and of how many each field would be written.

    Beside the fields there are `waiting`, `skipped` and `ambiguous`: scenes of which nothing would be.
    """

    scenes: int = 0
    fields: dict[str, int] = {}


class WriterStats(Payload, frozen=True, kw_only=True):
    """How much is left to do and how it went; `rate` in scenes a second over the last minute.

    `images_due` are scenes with a picture to be looked at. `review` is there while nothing is written until `start`.
    """

    pending: int = 0
    synced: int = 0
    waiting: int = 0
    ambiguous: int = 0
    failed: int = 0
    skipped: int = 0
    images_due: int = 0
    rate: float = 0.0
    writes: int = 0
    requests: int = 0
    last_sync: str = ""
    suspect: str = ""
    undecodable: Undecoded = Undecoded()
    review: ReviewStats | None = None


class Outage(Payload, frozen=True, kw_only=True):
    """One time that Plex was away; `until` is None while it lasts."""

    since: str
    until: str | None = None
    why: str = ""

    def __post_init__(self) -> None:
        _check_moment("since", self.since)
        _check_moment("until", self.until)


class Outages(Payload, frozen=True, kw_only=True):
    """The last 30 outages with mean time between failures and mean time to repair, in seconds."""

    v: int = VERSION
    outages: tuple[Outage, ...] = ()
    mtbf_s: float | None = None
    mttr_s: float | None = None


class Gap(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that is missing: what of it is known. `since` is how long, as Plex or Stash tells it (raw)."""

    scene: int | None = None
    rating_key: str = ""
    library: str = ""
    title: str = ""
    path: str = ""
    since: str = ""
    detail: str = ""


class GapReport(Payload, frozen=True, kw_only=True):
    """The last comparison of Plex with Stash, both ways: by kind how many, the oldest, and the first hundred.

    Made at `at` in `seconds`, of so many `items` and `scenes`. The rest is answered in pages to the request `gaps`.
    """

    v: int = VERSION
    at: str
    seconds: float = 0.0
    items: int = 0
    scenes: int = 0
    counts: dict[str, int] = {}
    oldest: dict[str, str] = {}
    first: dict[str, tuple[Gap, ...]] = {}


class Reconciled(Payload, frozen=True, kw_only=True):
    """The last comparison with Plex itself, made at `at` in `seconds`.

    Of `items` in Plex, `differing` scenes' were not as they were seen last; `unsettled` scenes differed from what was
    written. Both are handled after it, and may turn out to be right.
    """

    v: int = VERSION
    at: str
    seconds: float = 0.0
    items: int = 0
    differing: int = 0
    unsettled: int = 0


class ProviderInfo(Payload, frozen=True, kw_only=True):
    """Where and what the provider serves."""

    v: int = VERSION
    service: str
    identifier: str
    url: str = ""
    scenes: int = 0


class ProviderStats(Payload, frozen=True, kw_only=True):
    """Matches answered and missed, and the latency of the last thousand answers, in milliseconds.

    `delayed` counts questions that had to be put off because the table was not whole, `pictures` the questions put to
    Stash. `unmatched` reports stand. `suspect` says, when the broker leaves scenes out, what to do about it.
    """

    scenes: int = 0
    matches: int = 0
    misses: int = 0
    metadata: int = 0
    delayed: int = 0
    unmatched: int = 0
    pictures: int = 0
    suspect: str = ""
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    undecodable: Undecoded = Undecoded()


class Unmatched(Payload, frozen=True, kw_only=True):
    """A file that Plex asked for, in Plex's words, and that got no scene; last asked for at `at`, `count` times.

    `why` is one sentence; `candidates` are some of the scenes of which it may be any, if there are several.
    """

    v: int = VERSION
    file: str
    at: str
    count: int = 1
    why: str = ""
    candidates: tuple[int, ...] = ()


class Request(Payload, frozen=True, kw_only=True):
    """A command; `transaction` comes back with the answer, and each command says which of the rest it reads.

    `ids` are scenes, or all with `every`; `rating_key` is an item in Plex, `path` a file in Stash's or Plex's words.
    `state` and `reason` choose outcomes, `kind` a kind of gap. `offset` and `limit` are a page of a long answer.
    `library` is the title of a library to be made.
    """

    transaction: str = ""
    ids: tuple[int, ...] = ()
    every: bool = False
    confirm: bool = False
    adopt: bool = False
    rating_key: str = ""
    path: str = ""
    state: str = ""
    reason: str = ""
    kind: str = ""
    library: str = ""
    offset: int = 0
    limit: int = 100


class Response(Payload, frozen=True, kw_only=True):
    """The answer to a command."""

    status: Literal["ok", "error", "started"]
    transaction: str = ""
    data: msgspec.Raw = msgspec.Raw(b"null")
    error: str = ""


def _check_moment(name: str, text: str | None) -> None:
    """Raise ValueError, which msgspec takes for a wrong payload, unless `text` is a time with its zone, or None."""
    try:
        moment = None if text is None else dt.datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"`{name}` is no time") from None
    if moment is not None and moment.tzinfo is None:
        raise ValueError(f"`{name}` is a time without a zone")


P = TypeVar("P", bound=Payload)
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_encoder = msgspec.json.Encoder()
_decoders: dict[type[Payload], msgspec.json.Decoder[Payload]] = {}


class _Versioned(msgspec.Struct, frozen=True):
    v: int = VERSION


_version = msgspec.json.Decoder(_Versioned)


def encode(payload: Payload) -> bytes:
    """Return the JSON of a payload."""
    return _encoder.encode(payload)


def decode(kind: type[P], payload: bytes) -> P:
    """Return `payload` as `kind`, or raise Undecodable with the reason in one sentence."""
    decoder = _decoders.get(kind)
    if decoder is None:
        decoder = _decoders[kind] = msgspec.json.Decoder(kind)
    try:
        row = decoder.decode(payload)
    except _UNREADABLE as error:
        raise Undecodable(_reason(payload, error)) from error
    version = getattr(row, "v", VERSION)
    if version != VERSION:
        raise Undecodable(f"version {version} of the payload is unknown here; this service reads version {VERSION}")
    return row  # type: ignore[return-value]


def _reason(payload: bytes, error: Exception) -> str:
    """Prefer the unknown version over the field that it lacks: the former is the cause."""
    try:
        version = _version.decode(payload).v
    except _UNREADABLE:
        return f"not a payload of ours: {error}"
    return (
        f"not a payload of ours: {error}" if version == VERSION else f"version {version} of the payload is unknown here"
    )
