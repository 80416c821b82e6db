"""Writer and provider give Plex the same: what Plex took over from the provider leaves the writer nothing to do."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from common.item import item_of
from common.messages import File, Group, Named, Performer, Scene, Studio, Tag
from common.options import DEFAULT_FIELDS, FieldPolicy, Filters, MappingOptions, Options
from services.plex_writer import plan
from services.plex_writer.plan import Current, Entry
from services.provider.document import Style, movie

WORDS = st.text("aB \u00e9e\u0301\n\t\u200d\U0001f600&,", max_size=12)
names = WORDS.filter(lambda word: bool(word.strip()))
named = st.builds(Named, id=st.integers(1, 9), name=names)
tags = st.builds(Tag, id=st.integers(1, 9), name=names, parents=st.lists(named, max_size=2).map(tuple))
scenes = st.builds(
    Scene,
    id=st.integers(1, 99),
    epoch=st.just(1),
    seq=st.just(1),
    born=st.just("2024-02-03T04:05:06Z"),
    rev=st.just("r"),
    updated_at=st.just("2024-02-03T04:05:06Z"),
    title=WORDS,
    details=WORDS,
    date=st.sampled_from(["", "2024", "2024-05", "2024-05-06", "2024-13-01"]),
    code=WORDS,
    director=WORDS,
    studio=st.none() | st.builds(Studio, id=st.integers(1, 9), name=names, parent=st.none() | named),
    performers=st.lists(
        st.builds(Performer, id=st.integers(1, 9), name=names, image=st.sampled_from(["", "/performer/1/image?t=17"])),
        max_size=3,
        unique_by=lambda one: one.id,
    ).map(tuple),
    tags=st.lists(tags, max_size=4, unique_by=lambda one: one.id).map(tuple),
    groups=st.lists(
        st.builds(Group, id=st.integers(1, 9), name=names, index=st.none() | st.integers(0, 20)),
        max_size=2,
        unique_by=lambda one: one.id,
    ).map(tuple),
    files=st.just((File(path="/data/a film.mp4", duration=60.0),)),
)
mappings = st.builds(
    MappingOptions,
    parent_studio=st.booleans(),
    content_rating=st.sampled_from(["", "XXX"]),
    genres_parents=st.booleans(),
    genres_limit=st.sampled_from([2, 100]),
    collections=st.sampled_from([("studio", "groups"), ("groups",), ("parent_studio", "studio"), ()]),
    provider_url=st.just("http://s2p:9393"),
)
# the stars are the owner's, which no provider can give
FIELDS = dict.fromkeys(DEFAULT_FIELDS, FieldPolicy("sync")) | {"rating": FieldPolicy("off")}


@given(scenes, mappings)
def test_an_item_filled_by_the_provider_needs_nothing_of_the_writer(scene: Scene, mapping: MappingOptions) -> None:
    options = Options(fields=FIELDS, filters=Filters(bare="write"), mapping=mapping)
    item = item_of(scene, options)
    shown = movie(scene, options, Style(frozenset(FIELDS)))
    current = Current(
        rating_key="1",
        section="1",
        scalars={
            "title": shown.title,
            "sort_title": shown.title_sort,
            "summary": shown.summary,
            "date": shown.available,
            "studio": shown.studio,
            "tagline": shown.tagline,
            "content_rating": shown.content_rating,
        },
        lists={
            "director": tuple(Entry(one.tag) for one in shown.directors),
            "performers": tuple(Entry(one.tag, "", one.thumb) for one in shown.roles),
            "tags": tuple(Entry(one.tag) for one in shown.genres),
            "collections": tuple(Entry(one.tag) for one in shown.collections),
        },
    )
    assert not plan.plan(item, current, plan.Ours(), FIELDS)
