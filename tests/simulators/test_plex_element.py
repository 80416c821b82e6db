"""Notation: whatever a title holds, XML and JSON give it back."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from simulators.plex.element import Element, to_json, to_xml

# what XML 1.0 can hold at all
TEXTS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff", include_characters="\n\t\r")
)


@given(TEXTS)
def test_texts_survive_in_both_notations(text: str) -> None:
    root = Element("MediaContainer", {"size": 1}, [Element("Video", {"title": text}, json_name="Metadata")])
    assert ET.fromstring(to_xml(root))[0].attrib["title"] == text
    assert json.loads(to_json(root))["MediaContainer"]["Metadata"][0]["title"] == text


def test_values_keep_their_types_in_json_and_are_plain_in_xml() -> None:
    root = Element("A", {"yes": True, "no": False, "n": 7, "x": 7.5, "t": "7"}, lists=("B",))
    assert ET.fromstring(to_xml(root)).attrib == {"yes": "1", "no": "0", "n": "7", "x": "7.5", "t": "7"}
    assert json.loads(to_json(root))["A"] == {"yes": True, "no": False, "n": 7, "x": 7.5, "t": "7", "B": []}
