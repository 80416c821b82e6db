"""Pictures as Plex takes them: told from what is none, and shaped into posters. Bytes in, bytes out.

Where Stash has no picture it answers 200 all the same, with a placeholder in SVG (Stash source v0.30); a studio's logo
may be SVG too, which Plex does not show.
"""

from __future__ import annotations

import io
import struct
import zlib
from typing import Final, Literal, NamedTuple

from PIL import Image, ImageFilter, ImageOps, UnidentifiedImageError

from common.errors import Rejected

Shape = Literal["raw", "crop", "fit"]

BYTES: Final = 20_000_000
PIXELS: Final = 40_000_000
POSTER: Final = (1_000, 1_500)
QUALITY: Final = 90
NEARLY: Final = 0.02

# what is passed on as it is; the other formats that can be read are turned into JPEG
PLAIN: Final = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
READABLE: Final = (*PLAIN, "GIF", "AVIF")
# Pillow's decoders fail in all these ways on bytes that somebody cut or made up
_BROKEN: Final = (
    OSError,
    SyntaxError,
    ValueError,
    ArithmeticError,
    LookupError,
    TypeError,
    EOFError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


class NoPicture(Rejected):
    """The bytes are no picture that Plex could show; the message says why."""


class Placeholder(NoPicture):
    """The bytes are a drawing in SVG, as Stash sends where it has no picture."""


class Picture(NamedTuple):
    """A picture and its media type."""

    content: bytes
    media_type: str


def picture_of(content: bytes, shape: Shape = "raw") -> Picture:
    """Return a picture that can be decoded to its end, as a poster of 2:3 unless it is to stay `raw`.

    `crop` cuts the middle out; `fit` shows all of it in front of a blurred enlargement of itself. A poster is at most
    1,000 by 1,500, and never larger than what it is made of. JPEG, PNG and WebP that need no change stay the same
    bytes; all else becomes JPEG. Takes 2 to 60 ms, so it is for a thread. Raises Placeholder, NoPicture.
    """
    if is_drawing(content):
        raise Placeholder("it is a drawing in SVG, as Stash sends where it has no picture")
    if len(content) > BYTES:
        raise NoPicture(f"it has {len(content)} bytes, and {BYTES} are the most that are taken")
    try:
        with Image.open(io.BytesIO(content), formats=READABLE) as image:
            return _shaped(content, image, shape)
    except UnidentifiedImageError as error:
        raise NoPicture("it is no JPEG, PNG, WebP, GIF or AVIF") from error
    except _BROKEN as error:
        raise NoPicture(f"it cannot be decoded: {error}") from error


def is_drawing(content: bytes) -> bool:
    """Tell whether the bytes are XML, which of pictures only SVG is."""
    start = content[:256].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return start.startswith((b"<svg", b"<?xml", b"<!doctype svg", b"<!--"))


def _shaped(content: bytes, image: Image.Image, shape: Shape) -> Picture:
    width, height = image.size
    if width * height > PIXELS:
        raise NoPicture(f"it has {width} by {height} pixels, and {PIXELS} are the most that are taken")
    media_type = PLAIN.get(image.format or "")
    if shape == "raw" or abs(width * POSTER[1] / (height * POSTER[0]) - 1) < NEARLY:
        if media_type is None:
            return _jpeg(_flat(image))
        # decoding at an eighth of the size reads a JPEG to its end too, in a fraction of the time
        image.draft("L", (1, 1))
        image.load()
        return Picture(content, media_type)
    image.draft("RGB", (2 * POSTER[0], 2 * POSTER[1]))
    return _jpeg(_cropped(_flat(image)) if shape == "crop" else _fitted(_flat(image)))


def _flat(image: Image.Image) -> Image.Image:
    """Return the first frame upright in RGB, what is transparent on black."""
    upright = ImageOps.exif_transpose(image)
    if upright.mode == "RGB":
        return upright
    seen = upright.convert("RGBA")
    flat = Image.new("RGB", seen.size)
    flat.paste(seen, mask=seen.getchannel("A"))
    return flat


def _cropped(image: Image.Image) -> Image.Image:
    width, height = image.size
    tall = min(height, width * POSTER[1] // POSTER[0], POSTER[1])
    return ImageOps.fit(image, (max(1, tall * POSTER[0] // POSTER[1]), max(1, tall)), Image.Resampling.LANCZOS)


def _fitted(image: Image.Image) -> Image.Image:
    width, height = image.size
    wide = min(max(width, height * POSTER[0] // POSTER[1]), POSTER[0])
    size = (max(1, wide), max(1, wide * POSTER[1] // POSTER[0]))
    # blurring a small copy and enlarging it looks the same and is much faster
    small = ImageOps.fit(image, (max(1, size[0] // 8), max(1, size[1] // 8)), Image.Resampling.BILINEAR)
    behind = small.filter(ImageFilter.GaussianBlur(6)).resize(size, Image.Resampling.BICUBIC)
    front = ImageOps.contain(image, size, Image.Resampling.LANCZOS)
    behind.paste(front, ((size[0] - front.width) // 2, (size[1] - front.height) // 2))
    return behind


def _jpeg(image: Image.Image) -> Picture:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=QUALITY)
    return Picture(out.getvalue(), PLAIN["JPEG"])
