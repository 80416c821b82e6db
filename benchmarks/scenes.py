"""The rows that are measured with: scenes of about 2 KB, as a library with some care put into it has them."""

from __future__ import annotations

from common import messages
from common.messages import File, Performer, Scene, Studio, Tag

Row = Scene


def scene(number: int) -> Scene:
    """Return a believable scene with this id."""
    return Scene(
        id=number,
        epoch=1_795_000_000_000,
        seq=number,
        born="2024-05-01T10:00:00+02:00",
        rev=f"{number:012x}",
        updated_at="2026-01-11T18:07:53+01:00",
        title=f"A Film of Middling Length, Part {number}",
        details="Two people meet by the sea and talk about the weather.\n" * 18,
        date="2023-08-14",
        studio=Studio(id=number % 50, name=f"Studio {number % 50}"),
        performers=tuple(Performer(id=n, name=f"Performer {n}") for n in range(number % 7, number % 7 + 4)),
        tags=tuple(Tag(id=n, name=f"Tag {n}") for n in range(number % 11, number % 11 + 8)),
        files=(
            File(path=f"/data/films/{number % 200:03}/Film {number}.mp4", size=1_500_000_000, oshash=f"{number:016x}"),
        ),
    )


def payload(number: int) -> bytes:
    """Return that scene's JSON."""
    return messages.encode(scene(number))
