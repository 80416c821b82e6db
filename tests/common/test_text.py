"""Text for Plex: one Unicode form, nothing glued together, nothing but what people can see, whole words."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from common.text import ELLIPSIS, line, paragraphs, shorten

LONG = 10_000
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
WAVING = "\U0001f44b\U0001f3fd"
HEART = "\u2764\ufe0f"
FRANCE = "\U0001f1eb\U0001f1f7"

odd = st.text(st.sampled_from("ab e\u0301\u0300\n\r\t\v\f\x00\x1b\x1c\x1f\x7f\x85\xa0\u2028\u2029\u200d\ufffe\uffff."))
texts = st.text() | odd
limits = st.integers(1, 40)


@pytest.mark.parametrize(
    ("given_text", "shown"),
    [
        ("plain", "plain"),
        ("", ""),
        (" \t\n ", ""),
        ("  outer  ", "outer"),
        ("a  b", "a b"),
        ("a\tb", "a b"),
        ("a\nb", "a b"),
        ("a\r\nb", "a b"),
        ("a\rb", "a b"),
        ("a\vb\fc", "a b c"),
        ("a\u2028b\u2029c\x85d", "a b c d"),
        ("a\xa0b\u3000c", "a b c"),
        ("a\x1cb\x1dc\x1ed\x1fe", "a b c d e"),
        ("a\x00b\x07c\x7f", "abc"),
        ("\ufeffbyte order mark", "\ufeffbyte order mark"),
        ("a\ufffeb\uffffc", "abc"),
        ("Zoe\u0308", "Zo\u00eb"),
        ("Zoe\x00\u0308", "Zo\u00eb"),
        ("\u201cquotes\u201d \u2013 and \u2026", "\u201cquotes\u201d \u2013 and \u2026"),
        ('a & b <c> "d" 100%', 'a & b <c> "d" 100%'),
        (FAMILY, FAMILY),
        (WAVING + HEART, WAVING + HEART),
    ],
)
def test_a_line_is_cleaned(given_text: str, shown: str) -> None:
    assert line(given_text, 255) == shown


@pytest.mark.parametrize(
    ("given_text", "shown"),
    [
        ("one\ntwo", "one\ntwo"),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("one\n\ntwo", "one\n\ntwo"),
        ("one \t\n  two", "one\ntwo"),
        ("one\n \t \ntwo", "one\n\ntwo"),
        ("one\u2028two\u2029three\x85four\vfive\fsix", "one\ntwo\nthree\nfour\nfive\nsix"),
        ("one\x1ctwo", "one two"),
        ("\n\n one \n\n", "one"),
        ("tab\tseparated  words", "tab separated words"),
        ("bell\x07", "bell"),
        ("\n \n", ""),
    ],
)
def test_paragraphs_keep_their_line_breaks(given_text: str, shown: str) -> None:
    assert paragraphs(given_text, LONG) == shown


@given(texts)
def test_no_two_words_become_one(text: str) -> None:
    """Each word that white space sets apart is there afterwards, by itself and in its place."""
    words = [word for raw in text.split() if (word := _visible(raw))]
    assert [_visible(word) for word in line(text, LONG).split()] == words
    assert [_visible(word) for word in paragraphs(text, LONG).split()] == words


@given(texts)
def test_nothing_invisible_and_one_unicode_form(text: str) -> None:
    for shown in (line(text, LONG), paragraphs(text, LONG)):
        assert unicodedata.is_normalized("NFC", shown)
        assert not [c for c in shown if unicodedata.category(c) == "Cc" and c != "\n"]
        assert shown == shown.strip()
        assert "  " not in shown
    assert "\n" not in line(text, LONG)


@given(texts, limits)
def test_cleaning_twice_is_cleaning_once(text: str, limit: int) -> None:
    assert line(line(text, limit), limit) == line(text, limit)
    assert paragraphs(paragraphs(text, limit), limit) == paragraphs(text, limit)


@given(texts, limits)
def test_never_longer_than_the_limit(text: str, limit: int) -> None:
    assert len(line(text, limit)) <= limit
    assert len(paragraphs(text, limit)) <= limit
    assert len(shorten(text, limit)) <= limit


@given(st.lists(st.text("abc", min_size=1, max_size=5), max_size=12).map(" ".join), st.integers(12, 40))
@example("a a aa aaaaa a", 12)
def test_what_is_too_long_ends_after_a_whole_word_with_an_ellipsis(text: str, limit: int) -> None:
    cut = shorten(text, limit)
    if len(text) <= limit:
        assert cut == text
    else:
        assert cut.endswith(ELLIPSIS)
        kept = cut[:-1]
        assert text.startswith(kept + " ")
        assert len(text.removeprefix(kept).split()[0]) + len(cut) + 1 > limit


@pytest.mark.parametrize(
    ("text", "limit", "cut"),
    [
        ("exactly ten", 11, "exactly ten"),
        ("exactly ten", 10, "exactly…"),
        ("one two three", 8, "one two…"),
        ("one two three", 9, "one two…"),
        ("one\ntwo three", 8, "one\ntwo…"),
        ("abcdefghijkl", 6, "abcde…"),
        ("a bcdefghijkl", 8, "a bcdef…"),
        ("ab", 1, "…"),
    ],
)
def test_cuts(text: str, limit: int, cut: str) -> None:
    """A word that is longer than half of the room is cut itself, or little would be left."""
    assert shorten(text, limit) == cut


@pytest.mark.parametrize("whole", [FAMILY, WAVING, HEART, FRANCE, "e\u0323\u0302\u0301"])
def test_a_cut_never_takes_a_sign_apart(whole: str) -> None:
    """Emoji are made of several characters, and letters carry accents of their own."""
    for limit in range(len(whole) + 1, 40):
        kept = shorten(whole * 20, limit).removesuffix(ELLIPSIS)
        assert kept
        assert kept.replace(whole, "") == ""


def _visible(word: str) -> str:
    """Return a word without what nobody can see; what that leaves side by side may combine."""
    kept = "".join(c for c in word if unicodedata.category(c) != "Cc" and c not in "\ufffe\uffff")
    return unicodedata.normalize("NFC", kept)
