"""Pictures: kept by content, selected and locked by uploading, told apart from those of an agent."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from simulators.plex.pictures import LIMIT, Pictures
from tests.simulators.plex_process import Running, running

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def plex(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("plex")) as started:
        yield started


def offered(plex: Running, key: str) -> list[tuple[str, bool]]:
    photos = plex.xml(f"/library/metadata/{key}/posters").iter("Photo")
    return [(photo.attrib["ratingKey"], photo.attrib.get("selected") == "1") for photo in photos]


def upload(plex: Running, key: str, content: bytes) -> str:
    assert plex.http.post(f"/library/metadata/{key}/posters", content=content).status_code == 200
    return f"upload://posters/{hashlib.sha1(content).hexdigest()}"


def test_a_new_upload_is_selected_and_equal_bytes_are_no_news(plex: Running) -> None:
    key = plex.make("same bytes.mp4")[0]
    first, second = upload(plex, key, b"one"), upload(plex, key, b"two")
    assert offered(plex, key) == [(first, False), (second, True)]
    assert upload(plex, key, b"one") == first
    assert offered(plex, key) == [(first, False), (second, True)]
    assert plex.truth(key)["locks"] == ["thumb"]


def test_a_picture_is_selected_by_its_key(plex: Running) -> None:
    key = plex.make("select.mp4")[0]
    first, _ = upload(plex, key, b"one"), upload(plex, key, b"two")
    assert plex.http.put(f"/library/metadata/{key}/poster?url={quote(first, safe='')}").status_code == 200
    assert plex.truth(key)["poster"] == first
    assert plex.http.put(f"/library/metadata/{key}/poster?url=upload://posters/none").status_code == 404
    assert plex.http.delete(f"/library/metadata/{key}/thumb").status_code == 200
    assert plex.truth(key)["poster"] == ""


def test_bytes_come_back_by_key_and_as_what_is_shown(plex: Running) -> None:
    key = plex.make("bytes.mp4")[0]
    poster = upload(plex, key, b"the bytes")
    assert plex.http.get(f"/library/metadata/{key}/file?url={quote(poster, safe='')}").content == b"the bytes"
    video = next(plex.xml(f"/library/metadata/{key}").iter("Video"))
    assert plex.http.get(video.attrib["thumb"]).content == b"the bytes"
    assert "art" not in video.attrib
    assert plex.http.get(f"/library/metadata/{key}/art/1").status_code == 404


def test_a_picture_is_fetched_from_an_address_or_refused(plex: Running) -> None:
    key = plex.make("address.mp4")[0]
    source = f"{plex.url}/identity"
    assert plex.http.post(f"/library/metadata/{key}/posters?url={quote(source, safe='')}").status_code == 200
    assert len(offered(plex, key)) == 1
    gone = f"{plex.url}/nothing"
    assert plex.http.post(f"/library/metadata/{key}/posters?url={quote(gone, safe='')}").status_code == 406
    assert plex.http.post(f"/library/metadata/{key}/posters").status_code == 400


@pytest.mark.parametrize("kind", ["arts", "clearLogos", "squareArts"])
def test_other_pictures_work_alike(plex: Running, kind: str) -> None:
    key = plex.make(f"{kind}.mp4")[0]
    assert plex.http.post(f"/library/metadata/{key}/{kind}", content=b"x").status_code == 200
    photos = list(plex.xml(f"/library/metadata/{key}/{kind}").iter("Photo"))
    assert photos[0].attrib["selected"] == "1"


def test_the_oldest_bytes_go_when_there_are_too_many() -> None:
    pictures = Pictures()
    first = pictures.keep(b"first")
    kept = [pictures.keep(bytes([n]) * (LIMIT // 4)) for n in range(4)]
    assert pictures.get(first) is None
    assert all(pictures.get(digest) is not None for digest in kept)
