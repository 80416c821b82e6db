"""What a Plex item does when it is edited, written down once more and apart from the product and the simulator."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from common.messages import ItemOutcome
from services.plex_writer import plan
from services.plex_writer.forms import fold
from services.plex_writer.plan import Current, Edit, Entry

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from common.item import Item
    from common.options import FieldPolicy

TagMode = Literal["replace", "add"]


@dataclass
class Shelf:
    """One item of a Plex; `picky` for a server that capitalises values and knows no tags apart by case.

    `tag_mode`: whether the tags of an edit take the place of those present, or join them; nobody knows which Plex does.
    """

    tag_mode: TagMode = "add"
    picky: bool = False
    scalars: dict[str, str] = field(default_factory=dict)
    lists: dict[str, list[Entry]] = field(default_factory=dict)
    locked: set[str] = field(default_factory=set)
    edits: int = 0

    def read(self) -> Current:
        """Return the item as Plex shows it in full."""
        return Current(
            rating_key="1",
            section="1",
            scalars=dict(self.scalars),
            lists={name: tuple(entries) for name, entries in self.lists.items()},
            locked=frozenset(self.locked),
        )

    def names(self, name: str) -> list[str]:
        """Return the names in a list."""
        return [entry.name for entry in self.lists.get(name, [])]

    def stored(self, value: str) -> str:
        """Return the form in which a text is kept."""
        return " ".join(value.split()).capitalize() if self.picky else value

    def alike(self, one: str, other: str) -> bool:
        """Tell whether two names are one tag."""
        return one.casefold() == other.casefold() if self.picky else one == other

    def apply(self, edit: Edit) -> None:
        """Carry an edit out: values, then tags, then removals, then locks."""
        self.edits += bool(edit)
        for name, change in edit.scalars.items():
            self.scalars[name] = self.stored(change.value)
            self._lock(name, change.lock)
        for name, rewrite in edit.lists.items():
            before = self.lists.get(name, [])
            after = [] if rewrite.entries and self.tag_mode == "replace" else list(before)
            for entry in rewrite.entries:
                if not any(self.alike(entry.name, other.name) for other in after):
                    known = [other for other in before if self.alike(entry.name, other.name)]
                    after.append(Entry(known[0].name if known else self.stored(entry.name), entry.role, entry.thumb))
                else:
                    after = [
                        Entry(e.name, entry.role, entry.thumb) if self.alike(e.name, entry.name) else e for e in after
                    ]
            gone = rewrite.remove
            self.lists[name] = [e for e in after if not any(self.alike(e.name, other) for other in gone)]
            self._lock(name, rewrite.lock)

    def sync(
        self, item: Item, outcome: ItemOutcome | None, policies: Mapping[str, FieldPolicy]
    ) -> tuple[Edit, ItemOutcome]:
        """Do what the writer does with an item, from the look before to the record after."""
        before, ours = self.read(), plan.ours_of(outcome)
        edit = plan.plan(item, before, ours, policies)
        self.apply(edit)
        wrote = plan.wrote_of(item, edit, before, self.read(), ours)
        return edit, ItemOutcome(state="synced", want="", wrote=wrote)

    def begin(self, item: Item, outcome: ItemOutcome | None, policies: Mapping[str, FieldPolicy]) -> ItemOutcome:
        """Record what is about to be written, as the writer does, and return that record."""
        before, ours = self.read(), plan.ours_of(outcome)
        edit = plan.plan(item, before, ours, policies)
        known = outcome.wrote if outcome else {}
        return ItemOutcome(state="unsure", want="", wrote=known, intent=plan.intent_of(edit, before, ours))

    def _lock(self, name: str, lock: bool) -> None:
        (self.locked.add if lock else self.locked.discard)(name)


def entries(*names: str) -> list[Entry]:
    """Return list entries without role and photo."""
    return [Entry(name) for name in names]


def folded(names: Iterable[str]) -> set[str]:
    """Return names in the form in which they are compared."""
    return {fold(name) for name in names}
