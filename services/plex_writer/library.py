"""The libraries that take part, as listed last, and the scenes that wait for a file to turn up in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from common.guids import id_of_guid
from common.messages import Library as LibraryInfo
from services.plex_writer.match import Index
from services.plex_writer.plex import Listed, Section, listable
from services.plex_writer.readings import Readings
from services.plex_writer.waiting import Waiting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from common.messages import Scene
    from common.options import Options
    from services.plex_writer.outcomes import Outcomes
    from services.plex_writer.plan import Current
    from services.plex_writer.plex import Plex

OVERLAP = 60


class Library:
    """Lists light and seldom: everything at start and after an outage, then only what changed since.

    Both kinds of listing return the scenes whose items may have come, gone or been replaced. `on_missing` is given the
    files, in Plex's words, of a new scene that Plex does not have.
    """

    def __init__(self, plex: Plex, outcomes: Outcomes, options: Options) -> None:
        self.waiting = Waiting(options.paths.key)
        self.readings = Readings()
        self.sections: list[Section] = []
        self.missing: list[str] = []
        self._plex = plex
        self._outcomes = outcomes
        self._options = options
        self._index = Index(options.paths.key)
        self._totals: dict[str, int] = {}
        self._newest = 0
        self.on_missing: Callable[[Sequence[str]], None] = _nothing
        self._there: list[tuple[str, str]] = []
        # by title: a library of which no file maps to Stash, and whether we have written to items of it
        self._strange: dict[str, Literal["no", "foreign", "moved"]] = {}

    def __len__(self) -> int:
        return len(self._index)

    def find(self, paths: Iterable[str]) -> list[str]:
        """Return the rating keys that had one of these files when last seen."""
        return self._index.find(paths)

    def paths(self) -> Iterable[str]:
        """Return the path of every file that was listed, in the form in which paths are compared."""
        return self._index.paths()

    def section(self, section_id: str) -> Section | None:
        """Return a library that takes part."""
        return next((section for section in self.sections if section.id == section_id), None)

    def near(self, paths: Iterable[str]) -> list[str]:
        """Return the rating keys that had a file of the same name when last seen."""
        return self._index.near(paths)

    def of_scene(self, scene_id: int) -> list[str]:
        """Return the rating keys of items that were matched to a scene by our provider, when last seen."""
        return self._index.of_scene(scene_id)

    def released(self, rating_key: str) -> set[int]:
        """Return the scenes that wait for a file of an item that nobody writes any more."""
        return {scene for path in self._index.files(rating_key) for scene in self.waiting.for_path(path)}

    def saw(self, rating_key: str, paths: Sequence[str]) -> set[int]:
        """Note which files an item has, or that it is gone, as read in full; return its scene if it has lost one."""
        had = set(self._index.files(rating_key))
        if paths:
            self._index.put(rating_key, paths)
        else:
            self._index.drop(rating_key)
        owner = self._outcomes.owner(rating_key)
        return set() if owner is None or had <= set(self._index.files(rating_key)) else {owner}

    async def load(self) -> set[int]:
        """List everything, one request for 1,000 items; return the scenes whose item is not as it was seen last.

        While a library that takes part is missing, no item counts as gone: it may have another name.
        """
        await self._look_at_sections()
        self._newest = 0
        woken: set[int] = set()
        listed: set[str] = set()
        for section in self.sections:
            woken |= await self._list(section, 0, listed)
        if self.missing or not self.sections:
            return woken
        self._index.keep(listed)
        return woken | {scene for key, scene in self._outcomes.owned() if key not in listed}

    def note(self, items: Iterable[Current]) -> set[int]:
        """Take in items as just read; return the scenes concerned. Items of other libraries are left out."""
        sections = {section.id for section in self.sections}
        here = (item for item in items if item.section in sections)
        return self.note_listed(Listed(item.rating_key, item.paths, item.updated_at) for item in here)

    def note_listed(self, items: Iterable[Listed]) -> set[int]:
        """Take in items of libraries that take part; return the scenes concerned."""
        return {scene for item in items for scene in self._put(item)}

    def gone(self, rating_key: str) -> None:
        """Forget an item that is no more."""
        self._index.drop(rating_key)

    def owner(self, rating_key: str) -> int | None:
        """Return the scene that writes an item."""
        return self._outcomes.owner(rating_key)

    def trouble(self) -> str:
        """Return a sentence on why libraries can't be worked with, for people; empty when all is well."""
        there = ", ".join(f"{title} ({key})" for key, title in self._there) or "none that this token may see"
        if self.missing:
            named = ", ".join(self.missing)
            return f"S2P_PLEX_LIBRARIES names {named}, which Plex does not have; its movie libraries are: {there}."
        if not self.sections:
            return "Plex shows no movie library; S2P_PLEX_TOKEN has to be the server owner's, and one has to be there."
        told = [(section.title, self._strange.get(section.title, "no")) for section in self.sections]
        foreign = [title for title, strange in told if strange == "moved"]
        if not foreign and all(strange == "foreign" for _, strange in told):
            foreign = [title for title, _ in told]
        if foreign and len(self._outcomes) > 0:
            places = ", ".join(place for s in self.sections if s.title in foreign for place in s.locations)
            return (
                f"No file of {', '.join(foreign)} is one of Stash's by the path rules (S2P_PATHS): its folders are "
                f"{places}. Scenes wait, and nothing is written, until the rules fit."
            )
        return ""

    def __contains__(self, rating_key: str) -> bool:
        return rating_key in self._index

    async def refresh(self) -> tuple[bool, set[int]]:
        """List what was updated since the last listing, if a library says that it changed; one request if not.

        Returns whether one did, and the scenes woken.
        """
        known = {section.id: section.changed for section in self.sections}
        await self._look_at_sections()
        woken: set[int] = set()
        changed = [section for section in self.sections if known.get(section.id) != section.changed]
        for section in changed:
            since = max(1, self._newest - OVERLAP) if section.id in known else 0
            woken |= await self._list(section, since, set())
        return bool(changed), woken

    def why_missing(self, scene: Scene) -> str:
        """Say in one sentence why no item was found for a scene."""
        if not scene.files:
            return "The scene has no file in Stash, so Plex can't have it."
        unmapped = [file.path for file in scene.files if self._options.paths.to_plex(file.path) is None]
        if len(unmapped) == len(scene.files):
            return self._options.paths.explain(unmapped[0])
        titles = ", ".join(section.title for section in self.sections) or "any library"
        mapped = next(path for file in scene.files if (path := self._options.paths.to_plex(file.path)) is not None)
        return f"Plex has no item with the file {mapped} in {titles} yet."

    def info(self) -> tuple[LibraryInfo, ...]:
        """Return what to tell of the libraries on `info`."""
        return tuple(
            LibraryInfo(
                id=section.id,
                title=section.title,
                agent=section.agent,
                locations=section.locations,
                items=self._totals.get(section.id, 0),
            )
            for section in self.sections
        )

    async def _look_at_sections(self) -> None:
        there = await self._plex.sections()
        self.sections = listable(there, self._options.libraries)
        names = {section.title.casefold() for section in there} | {section.id for section in there}
        self._there = [(section.id, section.title) for section in there]
        self.missing = [name for name in self._options.libraries if name.casefold() not in names]

    async def _list(self, section: Section, since: int, listed: set[str]) -> set[int]:
        woken: set[int] = set()
        start, total, mapped, owned = 0, 1, False, False
        while start < total:
            items, total = await self._plex.page(section.id, start, since)
            for item in items:
                listed.add(item.rating_key)
                woken |= self._put(item)
                # one is enough to see that the rules fit; all 50,000 would cost seconds
                mapped = mapped or any(self._options.paths.to_stash(path) is not None for path in item.paths)
                owned = owned or self._outcomes.owner(item.rating_key) is not None
            if not since:
                self._totals[section.id] = total
                self._strange[section.title] = "no" if mapped or not total else "moved" if owned else "foreign"
            start += len(items)
            if not items:
                break
        return woken

    def _put(self, item: Listed) -> set[int]:
        """Note an item; return the scenes that wait for its files, or that own another item of a file of its."""
        self._newest = max(self._newest, item.updated_at)
        woken: set[int] = set()
        owner = self._outcomes.owner(item.rating_key)
        if owner is not None and self._outcomes.seen(item.rating_key) != item.updated_at:
            woken.add(owner)
        self._index.match(item.rating_key, id_of_guid(item.guid))
        had = set(self._index.files(item.rating_key))
        fresh = self._index.put(item.rating_key, item.paths)
        # an item is split within the second in which it was written, and its updatedAt does not move
        if owner is not None and not had <= set(self._index.files(item.rating_key)):
            woken.add(owner)
        for path in fresh:
            woken.update(self.waiting.for_path(path))
            owners = {self._outcomes.owner(key) for key in self._index.find([path])}
            if None in owners:
                woken.update(owner for owner in owners if owner is not None)
        return woken


def _nothing(_: Sequence[str]) -> None:
    """Do nothing about files that Plex does not have."""
