"""What one text of a Plex item has to show, and whether a person's value was treated as its policy says. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from tools.chaos.plain import line, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tools.chaos.plain import Version
    from tools.chaos.record import Record, Write

Kind = Literal["lost", "stale", "overwritten", "stuck"]
FIELDS: Final = {
    "title": "title",
    "summary": "summary",
    "originallyAvailableAt": "date",
    "studio": "studio",
    "tagline": "tagline",
    "directors": "director",
    "userRating": "stars",
    "poster": "poster",
}
# what is not a word: lists are told entry by entry, and what goes with another field
APART: Final = frozenset({"genres", "actors", "collections", "locks", "files", "year", "guid"})
SHORTLY: Final = 10.0


class Violation(NamedTuple):
    """One thing that is wrong in the end; `key` is the item's or empty, `since` when the trouble can have begun."""

    kind: Kind
    scene: int
    field: str
    text: str
    key: str = ""
    since: float = 0.0


class Case(NamedTuple):
    """One item and the one scene it belongs to: its versions, and the writes that Plex saw, both in order."""

    scene: int
    key: str
    shown: Mapping[str, object]
    versions: Sequence[Version]
    writes: Sequence[Write]

    @property
    def now(self) -> Version:
        """The scene as it is."""
        return self.versions[-1]


def judge_scalar(case: Case, name: str, policy: str, record: Record) -> Iterator[Violation]:
    """Yield what is wrong with one field of an item, named as in Plex."""
    touches = [write for write in case.writes if name in write.after]
    yield from _final(case, name, policy, touches, record)
    yield from _persons(case, name, policy, touches, record)


def wanted(version: Version, name: str) -> str:
    """Return what a version of a scene has for a field; a scene without a title is called after its file."""
    value: str = getattr(version, FIELDS[name])
    return value or (version.file_title if name == "title" else "")


def unchanged_since(case: Case, record: Record, moment: float) -> bool:
    """Tell whether the scene is as it was then: what a person did after its last change may stay."""
    then = record.at(case.scene, moment)
    return then is not None and then.content == case.now.content


def _final(case: Case, name: str, policy: str, touches: Sequence[Write], record: Record) -> Iterator[Violation]:
    shown = text_of(case.shown[name])
    want = wanted(case.now, name)
    last = touches[-1] if touches else None
    if policy == "off" or line(shown) == line(want) or _may_stay(case, name, policy, last, record):
        return
    older = {line(wanted(version, name)) for version in case.versions[:-1]}
    kind: Kind = "stale" if last and last.by == "product" and line(shown) in older | {""} else "lost"
    who = f"{last.by} wrote it last" if last else "nobody wrote it"
    yield Violation(
        kind, case.scene, name, f"Plex shows {shown!r}, not {want!r}; {who}", case.key, last.at if last else 0.0
    )


def _may_stay(case: Case, name: str, policy: str, last: Write | None, record: Record) -> bool:
    """Tell whether a value that is not Stash's may be shown."""
    shown, ours = text_of(case.shown[name]), last is not None and last.by == "product"
    if name == "poster" and not case.now.poster:
        # Stash has no picture any more, and what is shown is better than none
        return True
    if not getattr(case.now, FIELDS[name]):
        # an empty value clears, or with a title replaces, only what is ours
        return not ours or (last is not None and record.forgot_since(last.at)) or _doubtful(last, case, record)
    if policy == "fill" and not ours and shown:
        return True
    if policy == "fill" and last is not None and ours and record.forgot_since(last.at):
        return True
    return last is not None and last.by == "person" and unchanged_since(case, record, last.at)


def _doubtful(last: Write | None, case: Case, record: Record) -> bool:
    """Tell whether a person's write was so close to ours that nobody can say whose value is shown."""
    return last is not None and any(
        write.by == "person" and record.race(write.at, last.at) for write in case.writes if write.n != last.n
    )


def _persons(case: Case, name: str, policy: str, touches: Sequence[Write], record: Record) -> Iterator[Violation]:
    """Yield each write of ours that replaced a person's value where the policy says that it stays."""
    ours: set[str] = set()
    before: Write | None = None
    for write in touches:
        if write.by == "product":
            pair = (before, write) if before is not None and before.by == "person" else None
            value = text_of(pair[0].after[name]) if pair else ""
            if pair and value and _is_taken(case, name, policy, pair, ours=ours, record=record):
                text = f"{value!r}, a person's under {policy}, was replaced by {write.after[name]!r}"
                yield Violation("overwritten", case.scene, name, text, case.key, pair[0].at)
            ours.add(text_of(write.after[name]))
        before = write


def _is_taken(case: Case, name: str, policy: str, pair: tuple[Write, Write], *, ours: set[str], record: Record) -> bool:
    """Tell whether a write of ours took from a person what was to stay.

    `pair`: a person's write of the field, and ours right after it. `ours`: the values that we gave the field before.
    """
    person, write = pair
    if policy == "off":
        return True
    if policy == "fill" or (name == "title" and _untitled(case, record, write.at)):
        return text_of(person.after[name]) not in ours and not record.race(person.at, write.at)
    # under sync Stash wins, as soon as anyone looks
    return False


def _untitled(case: Case, record: Record, moment: float) -> bool:
    """Tell whether the scene had no title at that time, nor shortly before."""
    versions = [record.at(case.scene, moment - back) for back in (0.0, SHORTLY)]
    return all(version is not None and not version.title for version in versions)


def judge_strangers(case: Case, scenes: Iterable[Sequence[Version]]) -> Iterator[Violation]:
    """Yield each write of ours with a value of no scene that ever had a file of this item: the wrong item."""
    candidates = [version for versions in scenes for version in versions]
    for write in case.writes:
        for name in FIELDS.keys() & write.after.keys() if write.by == "product" else ():
            value = line(text_of(write.after[name]))
            known = {line(wanted(version, name)) for version in candidates if version.at <= write.at + 1}
            if value and value not in known:
                text = f"{value!r} was written, which no scene of this item ever had"
                yield Violation("overwritten", case.scene, name, text, case.key, write.at)


def judge_foreign(case: Case) -> Iterator[Violation]:
    """Yield each write of ours to a field that is a person's alone."""
    touched: dict[str, Write] = {}
    for write in case.writes:
        for name in write.after.keys() - FIELDS.keys() - APART:
            if write.by == "person":
                touched[name] = write
            elif write.by == "product" and name in touched:
                text = f"{touched[name].after[name]!r}, a person's, became {write.after[name]!r}"
                yield Violation("overwritten", case.scene, name, text, case.key, touched[name].at)
