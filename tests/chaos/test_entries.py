"""What the checker says of lists under merge, entry by entry."""

from __future__ import annotations

from tests.chaos.given import Story, actor, item, version


def tagged(*tags: str, at: float = 0.0) -> Story:
    """Return the story of a scene with these tags, of which Plex knows since 50."""
    return Story(version(at, tags=tags)).write(50, "product", "genres", [], list(tags))


def test_entries_may_differ_in_case_and_order_and_a_persons_stay() -> None:
    assert tagged("Drama", "Sea").kinds(item(genres=["SEA", "Mine", "drama"])) == []


def test_a_missing_entry_is_lost() -> None:
    assert Story(version(tags=("Drama",))).kinds(item()) == ["lost"]


def test_an_entry_of_ours_that_stash_dropped_has_to_go() -> None:
    story = tagged("Drama")
    story.record.versions[1].append(version(100))
    assert story.kinds(item(genres=["Drama"])) == ["stale"]


def test_an_entry_of_ours_may_stay_once_the_product_forgot_that_it_is() -> None:
    story = tagged("Drama")
    story.record.versions[1].append(version(100))
    story.record.lost.append(60)
    story.record.deaths.append((59, 61))
    assert story.kinds(item(genres=["Drama"])) == []


def test_a_persons_entry_may_not_be_removed() -> None:
    story = tagged("Drama").write(100, "person", "genres", ["Drama"], ["Drama", "Mine"])
    story.write(200, "product", "genres", ["Drama", "Mine"], ["Drama"])
    assert story.kinds(item(genres=["Drama"])) == ["overwritten"]


def test_what_a_person_took_out_may_stay_out() -> None:
    story = tagged("Drama", "Sea").write(100, "person", "genres", ["Drama", "Sea"], ["Sea"])
    assert story.kinds(item(genres=["Sea"])) == []


def test_what_a_person_took_out_may_not_be_put_back() -> None:
    story = tagged("Drama", "Sea").write(100, "person", "genres", ["Drama", "Sea"], ["Sea"])
    story.write(200, "product", "genres", ["Sea"], ["Sea", "Drama"])
    assert story.kinds(item(genres=["Sea", "Drama"])) == ["overwritten"]


def test_what_stash_dropped_and_has_again_may_be_put_back() -> None:
    story = tagged("Drama", "Sea").write(100, "person", "genres", ["Drama", "Sea"], ["Sea"])
    story.record.versions[1] += [version(150, tags=("Sea",)), version(160, tags=("Drama", "Sea"))]
    story.write(200, "product", "genres", ["Sea"], ["Sea", "Drama"])
    assert story.kinds(item(genres=["Sea", "Drama"])) == []


def test_what_was_put_back_within_a_moment_was_not_known_to_be_out() -> None:
    story = tagged("Drama", "Sea").write(100, "person", "genres", ["Drama", "Sea"], ["Sea"])
    story.write(101, "product", "genres", ["Sea"], ["Sea", "Drama"])
    assert story.kinds(item(genres=["Sea", "Drama"])) == []


def test_a_list_that_a_person_emptied_may_be_filled_again() -> None:
    story = tagged("Drama").write(100, "person", "genres", ["Drama"], [])
    assert story.kinds(item()) == []
    story.write(200, "product", "genres", [], ["Drama"])
    assert story.kinds(item(genres=["Drama"])) == []


def test_what_we_may_not_have_recorded_may_be_put_back() -> None:
    story = tagged("Drama", "Sea").write(100, "person", "genres", ["Drama", "Sea"], ["Sea"])
    story.fault("writer.kill", 51, 53).write(200, "product", "genres", ["Sea"], ["Sea", "Drama"])
    assert story.kinds(item(genres=["Sea", "Drama"])) == []


def test_a_role_that_a_person_gave_may_not_be_lost() -> None:
    given, kept = [actor("Ada", "Herself")], [actor("Ada", "Herself"), actor("Zoë")]
    story = Story(version(performers=("Ada", "Zoë"))).write(50, "person", "actors", [], given)
    story.write(100, "product", "actors", given, kept)
    assert story.kinds(item(actors=kept)) == []
    lost = [actor("Ada"), actor("Zoë")]
    story.write(200, "product", "actors", kept, lost)
    assert story.kinds(item(actors=lost)) == ["overwritten"]


def test_a_list_that_is_off_may_not_be_touched() -> None:
    story = Story(version(tags=("Drama",)))
    assert story.kinds(item(), settings="tags=off") == []
    story.write(50, "product", "genres", [], ["Drama"])
    assert story.kinds(item(genres=["Drama"]), settings="tags=off") == ["overwritten"]


def test_collections_are_entries_of_the_studio_and_the_groups() -> None:
    story = Story(version(collections=("Studio", "Series")))
    assert story.kinds(item(collections=["Studio", "Mine"])) == ["lost"]
    assert story.kinds(item(collections=["Series", "Studio"])) == []
