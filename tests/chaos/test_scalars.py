"""What the checker says of texts: lost, stale, overwritten, and what a person may keep."""

from __future__ import annotations

from tests.chaos.given import Story, item, version


def test_a_value_as_in_stash_is_right_whatever_spaces_it_has() -> None:
    story = Story(version(title="Two Spaces")).write(10, "product", "title", "x", " Two  Spaces")
    assert story.kinds(item(title=" Two  Spaces")) == []


def test_a_change_that_nobody_wrote_is_lost() -> None:
    assert Story(version(), version(100, title="New")).kinds(item()) == ["lost"]


def test_an_older_value_of_ours_that_stayed_is_stale() -> None:
    story = Story(version(title="Old"), version(100, title="New")).write(110, "product", "title", "One", "Old")
    assert story.kinds(item(title="Old")) == ["stale"]


def test_a_persons_value_may_stay_until_the_scene_changes() -> None:
    story = Story().write(50, "product", "title", "x", "One").write(100, "person", "title", "One", "Mine")
    assert story.kinds(item(title="Mine")) == []


def test_a_persons_value_may_not_stay_after_the_scene_changed() -> None:
    story = Story(version(), version(200, summary="Said"))
    story.write(50, "product", "title", "x", "One").write(100, "person", "title", "One", "Mine")
    assert story.kinds(item(title="Mine", summary="Said")) == ["lost"]


def test_a_change_and_its_undoing_may_leave_a_persons_value() -> None:
    story = Story(version(), version(200, title="New"), version(201, title="One"))
    story.write(50, "product", "title", "x", "One").write(100, "person", "title", "One", "Mine")
    assert story.kinds(item(title="Mine")) == []


def test_a_persons_value_under_fill_may_stay_for_ever() -> None:
    story = Story(version(), version(200, summary="Stash's"))
    story.write(100, "person", "summary", "", "Mine")
    assert story.kinds(item(summary="Mine"), settings="summary=fill") == []


def test_a_persons_value_under_fill_may_not_be_replaced() -> None:
    story = Story(version(), version(200, summary="Stash's"))
    story.write(100, "person", "summary", "", "Mine").write(201, "product", "summary", "Mine", "Stash's")
    assert story.kinds(item(summary="Stash's"), settings="summary=fill") == ["overwritten"]


def test_an_empty_field_under_fill_has_to_be_filled() -> None:
    assert Story(version(summary="Said")).kinds(item(), settings="summary=fill") == ["lost"]


def test_a_field_that_is_off_is_nobodys_business_but_a_persons() -> None:
    story = Story(version(summary="Said"))
    assert story.kinds(item(summary="Other"), settings="summary=off") == []
    story.write(100, "person", "summary", "", "Mine").write(101, "product", "summary", "Mine", "Said")
    assert story.kinds(item(summary="Said"), settings="summary=off") == ["overwritten"]


def test_an_emptied_field_takes_our_value_away_and_leaves_a_persons() -> None:
    story = Story(version(summary="Said"), version(200)).write(50, "product", "summary", "", "Said")
    assert story.kinds(item(summary="Said")) == ["stale"]
    story.write(100, "person", "summary", "Said", "Mine")
    assert story.kinds(item(summary="Mine")) == []


def test_an_emptied_field_may_keep_what_the_product_forgot_to_have_written() -> None:
    story = Story(version(summary="Said"), version(200)).write(50, "product", "summary", "", "Said")
    story.record.lost.append(60)
    story.record.deaths.append((59, 61))
    assert story.kinds(item(summary="Said")) == []


def test_a_writer_that_lives_through_a_loss_forgets_nothing() -> None:
    story = Story(version(summary="Said"), version(200)).write(50, "product", "summary", "", "Said")
    story.record.lost.append(60)
    story.record.deaths.append((100, 101))
    assert story.kinds(item(summary="Said")) == ["stale"]


def test_a_writer_cut_off_from_the_broker_has_not_put_its_loss_right() -> None:
    story = Story(version(summary="Said"), version(200)).write(50, "product", "summary", "", "Said")
    story.record.lost.append(60)
    story.fault("bus-writer.blackhole", 65, 95).record.deaths.append((100, 101))
    assert story.kinds(item(summary="Said")) == []


def test_a_scene_without_a_title_is_called_after_its_file_unless_plex_has_a_title() -> None:
    story = Story(version(title="")).write(50, "product", "title", "x", "One")
    assert story.kinds(item(title="One")) == []
    assert Story(version(title="")).kinds(item(title="One 2020")) == []


def test_a_value_that_no_scene_of_the_item_ever_had_was_written_to_the_wrong_item() -> None:
    story = Story().write(10, "product", "title", "x", "Another's").write(11, "product", "title", "Another's", "One")
    assert story.kinds(item()) == ["overwritten"]


def test_a_field_that_is_a_persons_alone_may_not_be_touched() -> None:
    story = Story().write(10, "person", "titleSort", "", "Mine").write(20, "product", "titleSort", "Mine", "Ours")
    assert story.kinds(item()) == ["overwritten"]


def test_a_synced_value_may_take_the_place_of_a_persons_at_any_time() -> None:
    story = Story(version(-100)).write(50, "product", "title", "x", "One").write(100, "person", "title", "One", "Mine")
    assert story.write(101, "product", "title", "Mine", "One").kinds(item()) == []


def test_a_bare_scene_is_kept_from_plex() -> None:
    assert Story(version(studio="", title="Never shown")).kinds(item()) == []


def test_a_director_and_stars_are_filled_and_a_persons_stay() -> None:
    wanted = version(director="Ada", stars="8.5")
    assert Story(wanted).kinds(item()) == ["lost", "lost"]
    assert Story(wanted).kinds(item(directors=["Ada"], userRating=8.5)) == []
    story = (
        Story(wanted)
        .write(10, "person", "directors", [], ["Mine"])
        .write(50, "product", "directors", ["Mine"], ["Ada"])
    )
    assert story.kinds(item(directors=["Ada"], userRating=9.0)) == ["overwritten"]


OLD, NEW = "upload://posters/0a", "upload://posters/0b"


def test_a_cover_has_to_be_the_poster_by_its_content() -> None:
    story = Story(version(poster=OLD), version(100, poster=NEW))
    assert story.kinds(item()) == ["lost"]
    story.write(10, "product", "poster", "", OLD)
    assert story.kinds(item(poster=OLD)) == ["stale"]
    assert story.write(110, "product", "poster", OLD, NEW).kinds(item(poster=NEW)) == []


def test_a_persons_poster_stays_and_may_not_be_replaced() -> None:
    story = Story(version(poster=NEW)).write(10, "person", "poster", "", "upload://posters/ff")
    assert story.kinds(item(poster="upload://posters/ff")) == []
    story.write(90, "product", "poster", "upload://posters/ff", NEW)
    assert story.kinds(item(poster=NEW)) == ["overwritten"]


def test_a_poster_of_no_cover_is_a_placeholder_or_another_s() -> None:
    story = Story(version()).write(10, "product", "poster", "", "upload://posters/cc")
    assert story.kinds(item(poster="upload://posters/cc")) == ["overwritten"]


def test_a_cover_that_was_taken_away_may_stay_as_a_poster() -> None:
    story = Story(version(poster=OLD), version(100)).write(10, "product", "poster", "", OLD)
    assert story.kinds(item(poster=OLD)) == []
