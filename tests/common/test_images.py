"""What counts as a picture, and how one becomes a poster."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from common import images
from common.images import NoPicture, Placeholder, Shape, is_drawing, picture_of

RED, GREEN, BLUE = (200, 20, 20), (20, 200, 20), (20, 20, 200)


def bands(width: int, height: int) -> Image.Image:
    """Return a picture whose left, middle and right thirds are red, green and blue."""
    image = Image.new("RGB", (width, height), GREEN)
    image.paste(RED, (0, 0, width // 3, height))
    image.paste(BLUE, (2 * width // 3, 0, width, height))
    return image


def stored(image: Image.Image, kind: str) -> bytes:
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()


def seen(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content)).convert("RGB")


def near(found: object, wanted: tuple[int, int, int]) -> bool:
    assert isinstance(found, tuple)
    return all(abs(one - other) < 40 for one, other in zip(found, wanted, strict=True))


@pytest.mark.parametrize(("kind", "media_type"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")])
def test_what_plex_shows_is_passed_on_byte_by_byte(kind: str, media_type: str) -> None:
    content = stored(bands(320, 180), kind)
    assert picture_of(content) == (content, media_type)


@pytest.mark.parametrize("kind", ["GIF", "AVIF"])
def test_what_plex_may_not_show_becomes_a_jpeg_of_the_same_size(kind: str) -> None:
    made = picture_of(stored(bands(320, 180), kind))
    assert made.media_type == "image/jpeg"
    assert seen(made.content).size == (320, 180)
    assert near(seen(made.content).getpixel((160, 90)), GREEN)


@pytest.mark.parametrize("shape", ["crop", "fit"])
def test_a_poster_already_of_two_to_three_stays_as_it_is(shape: Shape) -> None:
    content = stored(bands(400, 600), "PNG")
    assert picture_of(content, shape).content == content


def test_crop_shows_the_middle_alone() -> None:
    poster = seen(picture_of(stored(bands(1920, 1080), "PNG"), "crop").content)
    assert poster.size == (720, 1080)
    assert all(near(poster.getpixel((x, 540)), GREEN) for x in (60, 360, 660))


def test_fit_shows_all_of_it_in_front_of_a_blurred_enlargement() -> None:
    poster = seen(picture_of(stored(bands(1920, 1080), "PNG"), "fit").content)
    assert poster.size == (1000, 1500)
    assert [near(poster.getpixel((x, 750)), colour) for x, colour in ((50, RED), (500, GREEN), (950, BLUE))] == [
        True,
        True,
        True,
    ]
    assert near(poster.getpixel((500, 60)), GREEN)
    assert poster.getpixel((0, 0)) != (0, 0, 0)


@pytest.mark.parametrize("size", [(1920, 1080), (320, 180), (100, 1000), (1, 1), (7, 3), (3, 7), (1000, 1)])
@pytest.mark.parametrize("shape", ["crop", "fit"])
def test_a_poster_is_two_to_three_and_no_larger_than_what_it_is_made_of(size: tuple[int, int], shape: Shape) -> None:
    width, height = seen(picture_of(stored(bands(*size), "PNG"), shape).content).size
    assert abs(width * 3 - height * 2) <= 3
    assert width <= max(1, *size)
    assert height <= 3 * max(2, *size) // 2


def test_what_is_transparent_is_shown_on_black() -> None:
    poster = seen(picture_of(stored(Image.new("RGBA", (300, 300), (255, 255, 255, 0)), "PNG"), "crop").content)
    assert near(poster.getpixel((20, 20)), (0, 0, 0))


def test_a_picture_taken_sideways_is_put_upright() -> None:
    image = Image.new("RGB", (300, 200), RED)
    exif = image.getexif()
    exif[0x0112] = 6
    out = io.BytesIO()
    image.save(out, "JPEG", exif=exif)
    assert seen(picture_of(out.getvalue(), "crop").content).size == (200, 300)


@pytest.mark.parametrize(
    "content",
    [
        b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        b'<?xml version="1.0"?><svg/>',
        b"\xef\xbb\xbf  \n<!DOCTYPE svg><svg/>",
        b"<!-- drawn --><svg/>",
    ],
)
def test_a_drawing_is_stash_saying_that_there_is_no_picture(content: bytes) -> None:
    assert is_drawing(content)
    with pytest.raises(Placeholder, match="SVG"):
        picture_of(content)


@pytest.mark.parametrize("content", [b"", b"<html></html>", b"hello", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a"])
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    assert not is_drawing(content)
    with pytest.raises(NoPicture):
        picture_of(content)


@pytest.mark.parametrize("shape", ["raw", "crop", "fit"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_picture_that_was_cut_off_is_refused(kind: str, shape: Shape) -> None:
    content = stored(Image.effect_noise((320, 180), 90), kind)
    with pytest.raises(NoPicture, match="cannot be decoded"):
        picture_of(content[: len(content) // 2], shape)


def test_a_picture_too_large_in_bytes_or_pixels_is_refused_undecoded(monkeypatch: pytest.MonkeyPatch) -> None:
    content = stored(bands(320, 180), "PNG")
    monkeypatch.setattr(images, "PIXELS", 320 * 180 - 1)
    with pytest.raises(NoPicture, match="320 by 180 pixels"):
        picture_of(content)
    monkeypatch.setattr(images, "BYTES", len(content) - 1)
    with pytest.raises(NoPicture, match="bytes"):
        picture_of(content)


def test_a_bomb_is_refused() -> None:
    header = Image.new("1", (30_000, 30_000))
    with pytest.raises(NoPicture):
        picture_of(stored(header, "PNG"))


@given(
    kind=st.sampled_from(["JPEG", "PNG", "WEBP", "GIF"]),
    places=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=8),
    shape=st.sampled_from(["raw", "crop", "fit"]),
)
def test_damaged_bytes_are_a_picture_or_refused(kind: str, places: list[tuple[int, int]], shape: Shape) -> None:
    content = bytearray(stored(bands(60, 40), kind))
    for place, value in places:
        content[place % len(content)] = value
    try:
        made = picture_of(bytes(content), shape)
    except NoPicture:
        return
    assert made.media_type.startswith("image/")
