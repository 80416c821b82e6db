"""Images over HTTP: drawn or given pictures, placeholders that answer 200, and their caching headers.

What Stash does (source v0.30): the content type is sniffed, the ETag is the quoted MD5 of the bytes, a legacy cover has
a Last-Modified instead, and with `t=` in the query a browser may keep the image for a year.
"""

from __future__ import annotations

import hashlib
import random
import zlib
from collections.abc import Callable
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse, Response

from simulators.stash.database import Database
from simulators.stash.model import Picture
from simulators.stash.timestamps import to_moment

if TYPE_CHECKING:
    from starlette.requests import Request


Find = Callable[[Database, int], tuple[Picture | None, bytes, str]]
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 60"><text x="8" y="34">{}</text></svg>'
WIDTH, HEIGHT, BANDS = 320, 180, 9
MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"<svg", "image/svg+xml"),
    (b"<?xml", "image/svg+xml"),
)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")


@lru_cache(maxsize=8)
def _bands(width: int, height: int) -> bytes:
    """Return the pixels that all drawn pictures of a size share; the palette makes the difference."""
    line = b"\0" + bytes(x * BANDS // width for x in range(width))
    return _chunk(b"IDAT", zlib.compress(line * height))


def draw(seed: int, width: int = WIDTH, height: int = HEIGHT) -> bytes:
    """Return a PNG of coloured bands, another one for each seed."""
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes((8, 3, 0, 0, 0))
    palette = random.Random(seed).randbytes(3 * BANDS)
    parts = (_chunk(b"IHDR", header), _chunk(b"PLTE", palette), _bands(width, height), _chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def content(picture: Picture) -> bytes:
    """Return a picture's bytes."""
    return draw(picture.seed) if picture.data is None else picture.data


def etag(data: bytes) -> str:
    """Return the ETag of an image: its quoted MD5."""
    return f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'


def content_type(data: bytes) -> str:
    """Return the sniffed type; AVIF is not known to the sniffer and comes out as bytes."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for magic, kind in MAGIC if data.startswith(magic)), "application/octet-stream")


def _silhouette(name: str, gender: str | None) -> bytes:
    """Return the stand-in of a performer without image: one of a few, always the same for a name and gender."""
    return draw(zlib.crc32(name.encode()) % 8 + (10 if gender in {"MALE", "TRANSGENDER_MALE"} else 1), 200, 300)


def _placeholder(kind: str) -> bytes:
    return SVG.format(kind).encode()


def _scene(db: Database, row_id: int) -> tuple[Picture | None, bytes, str]:
    row = db.scenes.rows[row_id]
    return row.cover, _placeholder("scene"), row.updated_at


def _performer(db: Database, row_id: int) -> tuple[Picture | None, bytes, str]:
    row = db.performers.rows[row_id]
    return row.image, _silhouette(row.name, row.gender), row.updated_at


def _named(kind: str, table: str, attribute: str = "image") -> Find:
    def find(db: Database, row_id: int) -> tuple[Picture | None, bytes, str]:
        row = getattr(db, table).rows[row_id]
        return getattr(row, attribute), _placeholder(kind), row.updated_at

    return find


ROUTES: dict[str, Find] = {
    "/scene/{id}/screenshot": _scene,
    "/performer/{id}/image": _performer,
    "/studio/{id}/image": _named("studio", "studios"),
    "/tag/{id}/image": _named("tag", "tags"),
    "/group/{id}/frontimage": _named("group", "groups"),
    "/group/{id}/backimage": _named("group", "groups", "back_image"),
}


def respond(
    request: Request, db: Database, find: Callable[[Database, int], tuple[Picture | None, bytes, str]]
) -> Response:
    """Answer a request for the image that `find` returns for the id in the path."""
    row_id, is_scene = request.path_params["id"], request.url.path.startswith("/scene/")
    try:
        picture, placeholder, changed = find(db, int(row_id))
    except ValueError:
        return PlainTextResponse("Bad Request\n" if is_scene else "Not Found\n", 400 if is_scene else 404)
    except KeyError:
        return PlainTextResponse("Not Found\n", 404)
    if request.query_params.get("default") == "true" and not is_scene:
        picture = None
    data = content(picture) if picture else placeholder
    fresh = "private, max-age=31536000, immutable" if "t" in request.query_params else "no-cache"
    headers = {"Cache-Control": fresh, "Content-Type": content_type(data)}
    if picture and picture.legacy:
        return _by_date(request, data, headers, changed)
    return _by_etag(request, data, headers)


def _by_etag(request: Request, data: bytes, headers: dict[str, str]) -> Response:
    headers["ETag"] = etag(data)
    wanted = [one.strip().removeprefix("W/") for one in request.headers.get("If-None-Match", "").split(",")]
    if headers["ETag"] in wanted or "*" in wanted:
        return _not_modified(headers)
    return Response(data, headers=headers)


def _by_date(request: Request, data: bytes, headers: dict[str, str], changed: str) -> Response:
    """Answer as for a file on disk, where a legacy cover lies."""
    moment = to_moment(changed)
    headers["Last-Modified"] = format_datetime(moment, usegmt=True)
    since = request.headers.get("If-Modified-Since")
    if since and parsedate_to_datetime(since) >= moment:
        return _not_modified(headers)
    return Response(data, headers=headers)


def _not_modified(headers: dict[str, str]) -> Response:
    return Response(status_code=304, headers={k: v for k, v in headers.items() if k != "Content-Type"})
