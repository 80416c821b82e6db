"""Believable, clean sample data, the same for the same seed: film-like, in several languages, with real life's gaps."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from simulators.stash import words
from simulators.stash.database import Database
from simulators.stash.model import File, Folder, Gallery, Group, Marker, Performer, Picture, Scene, StashId, Studio, Tag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulators.stash.timestamps import Clock

OLDEST = datetime(2021, 3, 1, tzinfo=UTC)
SPAN_S = int(timedelta(days=1400).total_seconds())
BOX = "https://stashdb.example/graphql"
SHAPES = ((1920, 1080), (1280, 720), (3840, 2160), (720, 576))
T = TypeVar("T")


class Sample:
    """Fills one database; every choice comes from one seeded source of chance."""

    def __init__(self, clock: Clock, seed: int, root: str, *, partial_dates: bool = True) -> None:
        self.chance = random.Random(seed)
        self.clock = clock
        self.db = Database()
        self.db.sep = "\\" if "\\" in root else "/"
        self.root = root.rstrip(self.db.sep)
        self.partial_dates = partial_dates
        self.ids: dict[str, list[int]] = {}

    def fill(self, scenes: int) -> Database:
        """Return a database of so many scenes and of as many others as go with them."""
        scale = max(1, min(10, scenes // 100))
        self._tags()
        self._studios(6 * scale)
        self._performers(25 * scale)
        self._groups(5 * scale)
        self._folders()
        db = self.db
        self.ids = {
            name: list(getattr(db, name).rows) for name in ("tags", "performers", "studios", "groups", "galleries")
        }
        self.ids["folders"] = list(db.folders.rows)[1:]
        for number in range(scenes):
            self._scene(number)
        return db

    def _times(self) -> dict[str, Any]:
        born = self.chance.randrange(SPAN_S)
        changed = born + (self.chance.randrange(SPAN_S - born) if self.chance.random() < 0.7 else 0)
        return {
            "created_at": self.clock.text(OLDEST + timedelta(seconds=born)),
            "updated_at": self.clock.text(OLDEST + timedelta(seconds=changed)),
        }

    def _maybe(self, share: float, value: T, empty: T) -> T:
        return value if self.chance.random() < share else empty

    def _some(self, ids: Sequence[int], most: int) -> tuple[int, ...]:
        return tuple(self.chance.sample(ids, min(len(ids), self.chance.randint(0, most))))

    def _picture(self, share: float) -> Picture | None:
        return self._maybe(share, Picture(seed=self.chance.getrandbits(31)), None)

    def _uuid(self) -> str:
        digits = f"{self.chance.getrandbits(128):032x}"
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    def _tags(self) -> None:
        for name in words.TAGS:
            self.db.tags.add(Tag(name=name, image=self._picture(0.2), description="", **self._times()))
        for child, parent in words.TAG_PARENTS.items():
            names = {tag.name: tag for tag in self.db.tags.rows.values()}
            names[child].parent_ids = (names[parent].id,)

    def _studios(self, count: int) -> None:
        for number in range(count):
            name = words.STUDIOS[number % len(words.STUDIOS)]
            parent = (
                self.chance.choice(list(self.db.studios.rows)) if number > 3 and self.chance.random() < 0.4 else None
            )
            self.db.studios.add(
                Studio(
                    name=name if number < len(words.STUDIOS) else f"{name} {number // len(words.STUDIOS) + 1}",
                    image=self._picture(0.6),
                    parent_id=parent,
                    **self._times(),
                )
            )

    def _performers(self, count: int) -> None:
        taken: set[str] = set()
        for _ in range(count):
            name = f"{self.chance.choice(words.FIRST_NAMES)} {self.chance.choice(words.LAST_NAMES)}"
            self.db.performers.add(
                Performer(
                    name=name,
                    disambiguation=f"{len(self.db.performers) + 1}" if name in taken else "",
                    gender=self.chance.choice(("FEMALE", "MALE", "NON_BINARY", None)),
                    image=self._picture(0.8),
                    birthdate=self._maybe(
                        0.6, f"{self.chance.randint(1950, 2000)}-0{self.chance.randint(1, 9)}-11", None
                    ),
                    **self._times(),
                )
            )
            taken.add(name)

    def _groups(self, count: int) -> None:
        for number in range(count):
            self.db.groups.add(
                Group(
                    name=f"{self.chance.choice(words.SERIES)} {number + 1}",
                    image=self._picture(0.7),
                    back_image=self._picture(0.3),
                    date=self._maybe(0.5, f"{self.chance.randint(1990, 2024)}-05-01", None),
                    synopsis=self._maybe(0.5, self.chance.choice(words.SENTENCES), ""),
                    **self._times(),
                )
            )
        for title in words.GALLERIES:
            self.db.galleries.add(Gallery(title=title, **self._times()))

    def _folders(self) -> None:
        top = self.db.folders.add(Folder(path=self.root, **self._times()))
        for name in words.FOLDERS:
            times = self._times()
            self.db.folders.add(
                Folder(
                    path=f"{self.root}{self.db.sep}{name}",
                    parent_folder_id=top.id,
                    mod_time=times["updated_at"],
                    **times,
                )
            )

    def _title(self) -> str:
        pattern = self.chance.choice(words.PATTERNS)
        return pattern.format(
            adjective=self.chance.choice(words.ADJECTIVES),
            noun=self.chance.choice(words.NOUNS),
            place=self.chance.choice(words.PLACES),
            number=self.chance.randint(2, 99),
        )

    def file(self, folder_id: int, basename: str) -> File:
        """Add a video file of its own content to a folder."""
        times = self._times()
        width, height = self.chance.choice(SHAPES)
        duration = round(self.chance.uniform(180, 7200), 2)
        return self.db.files.add(
            File(
                folder_id=folder_id,
                basename=basename,
                mod_time=times["created_at"],
                width=width,
                height=height,
                duration=duration,
                size=int(duration * width * 250) + self.chance.randrange(100_000),
                bit_rate=width * 2000,
                oshash=f"{self.chance.getrandbits(64):016x}",
                phash=self._maybe(0.5, f"{self.chance.getrandbits(64):016x}", ""),
                **times,
            )
        )

    def _scene(self, number: int) -> None:
        title, times = self._title(), self._times()
        folder = self.chance.choice(self.ids["folders"])
        stem = f"{title.replace('/', '-').replace(':', ' -')} [{number + 1}]"
        files = [self.file(folder, f"{stem}{self.chance.choice(words.EXTENSIONS)}")]
        if self.chance.random() < 0.05:
            files.append(self.file(folder, f"{stem} 4K.mkv"))
        bare = self.chance.random() < 0.08
        scene = self.db.scenes.add(
            Scene(
                title=self._maybe(0.92, title, ""),
                cover=self._picture(0.9),
                file_ids=tuple(file.id for file in files),
                **({} if bare else self._metadata(times["created_at"])),
                **times,
            )
        )
        if not bare:
            self._markers(scene)

    def _date(self) -> str:
        """Return a date; from v0.30 on a few are only a year, or a year and a month."""
        full = f"{self.chance.randint(1975, 2024)}-{self.chance.randint(1, 12):02}-{self.chance.randint(1, 28):02}"
        return full[: self.chance.choice((4, 7, *[10] * 18))] if self.partial_dates else full

    def _metadata(self, born: str) -> dict[str, Any]:
        sentences = self.chance.sample(words.SENTENCES, self.chance.randint(1, 4))
        return {
            "details": self._maybe(0.75, "\n\n".join(sentences), ""),
            "date": self._maybe(0.85, self._date(), None),
            "code": self._maybe(0.2, f"{self.chance.choice('ABCDEF')}{self.chance.randint(100, 999)}", ""),
            "director": self._maybe(
                0.3, f"{self.chance.choice(words.FIRST_NAMES)} {self.chance.choice(words.LAST_NAMES)}", ""
            ),
            "rating100": self._maybe(0.4, self.chance.randint(1, 100), None),
            "organized": self.chance.random() < 0.5,
            "urls": self._maybe(0.4, (f"https://films.example/{self.chance.getrandbits(32):x}",), ()),
            "studio_id": self._maybe(0.8, self.chance.choice(self.ids["studios"]), None),
            "performer_ids": self._some(self.ids["performers"], 5),
            "tag_ids": self._some(self.ids["tags"], 9),
            "group_ids": self._maybe(0.1, ((self.chance.choice(self.ids["groups"]), self.chance.randint(1, 9)),), ()),
            "gallery_ids": self._maybe(0.03, (self.chance.choice(self.ids["galleries"]),), ()),
            "stash_ids": self._maybe(0.6, (StashId(BOX, self._uuid(), born),), ()),
        }

    def _markers(self, scene: Scene) -> None:
        for _ in range(self.chance.randint(1, 4) if self.chance.random() < 0.15 else 0):
            marker = self.db.markers.add(
                Marker(
                    scene_id=scene.id,
                    title=self._maybe(0.8, self.chance.choice(words.CHAPTERS), ""),
                    seconds=round(self.chance.uniform(0, 180), 1),
                    primary_tag_id=self.chance.choice(self.ids["tags"]),
                    **self._times(),
                )
            )
            scene.marker_ids = (*scene.marker_ids, marker.id)
