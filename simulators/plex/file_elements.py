"""How files look in an answer: Media, Part and Stream below an item, and the tree with their hashes.

Every file is said to have the streams of the one that was recorded (PMS 1.43.1); size, length and hashes are its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulators.plex.element import Element, Value

if TYPE_CHECKING:
    from simulators.plex.model import Item, Part

_MEDIA: dict[str, Value] = {
    "bitrate": 3250,
    "width": 1280,
    "height": 720,
    "aspectRatio": 1.78,
    "audioChannels": 1,
    "audioCodec": "aac",
    "videoCodec": "h264",
    "videoResolution": "720",
}
_VIDEO: dict[str, Value] = {
    "streamType": 1,
    "default": True,
    "codec": "h264",
    "index": 0,
    "bitDepth": 8,
    "height": 720,
    "width": 1280,
    "frameRate": 30.0,
    "displayTitle": "720p (H.264)",
    "extendedDisplayTitle": "720p (H.264)",
}
_AUDIO: dict[str, Value] = {
    "streamType": 2,
    "selected": True,
    "codec": "aac",
    "index": 1,
    "channels": 1,
    "displayTitle": "Unknown (AAC Mono)",
    "extendedDisplayTitle": "Unknown (AAC Mono)",
}
_TREE_VIDEO: dict[str, Value] = {
    "index": 0,
    "type": 1,
    "codec": "h264",
    "bitDepth": 8,
    "chromaLocation": "left",
    "chromaSubsampling": "4:2:0",
    "codedHeight": 720,
    "codedWidth": 1280,
    "colorRange": "tv",
    "frameRate": "30.000",
    "hasScalingMatrix": False,
    "height": 720,
    "level": 31,
    "profile": "high",
    "refFrames": 4,
    "requiredBandwidths": "2687,2687,2687,2687,2687,2687,2687,2687",
    "scanType": "progressive",
    "width": 1280,
}
_TREE_AUDIO: dict[str, Value] = {
    "index": 1,
    "type": 2,
    "channels": 1,
    "codec": "aac",
    "requiredBandwidths": "110,110,110,110,110,110,110,110",
    "samplingRate": 44100,
}


def media(item: Item, part: Part, *, streams: bool, check: bool) -> Element:
    """Return a file as Media; with `check` it says whether the file is there."""
    container = part.file.rpartition(".")[2].lower()
    attributes: dict[str, Value] = {"id": part.id, "duration": part.duration} | _MEDIA
    attributes |= {"container": container, "videoFrameRate": "NTSC", "videoProfile": "high"}
    if part.missing:
        attributes["deletedAt"] = item.updated_at
    return Element("Media", attributes, [_part(item, part, container, streams=streams, check=check)])


def _part(item: Item, part: Part, container: str, *, streams: bool, check: bool) -> Element:
    attributes: dict[str, Value] = {"id": part.id}
    if check:
        attributes |= {"accessible": not part.missing, "exists": not part.missing}
    attributes |= {
        "key": f"/library/parts/{part.id}/{item.added_at}/file.{container}",
        "duration": part.duration,
        "file": part.file,
        "size": part.size,
        "container": container,
        "indexes": "sd",
        "videoProfile": "high",
    }
    return Element("Part", attributes, _two("Stream", part, _VIDEO, _AUDIO) if streams else [])


def branch(item: Item) -> Element:
    """Return an item as it stands in a tree."""
    attributes: dict[str, Value] = {
        "id": item.key,
        "title": item.title,
        "guid": item.guid,
        "parentTitle": "",
        "instanceRatingKey": "",
        "index": 1,
        "originallyAvailableAt": item.fields.get("originallyAvailableAt", ""),
        "refreshedAt": item.refreshed_at,
    }
    return Element("MetadataItem", attributes, [Element("MediaItem", {"id": p.id}, [_hashes(p)]) for p in item.parts])


def _hashes(part: Part) -> Element:
    attributes: dict[str, Value] = {
        "id": part.id,
        "file": part.file,
        "size": part.size,
        "openSubtitleHash": part.oshash,
        "hash": part.hash,
        "duration": part.duration,
    }
    return Element("MediaPart", attributes, _two("MediaStream", part, _TREE_VIDEO, _TREE_AUDIO))


def _two(name: str, part: Part, video: dict[str, Value], audio: dict[str, Value]) -> list[Element]:
    return [Element(name, {"id": part.id * 2 - 1} | video), Element(name, {"id": part.id * 2} | audio)]
