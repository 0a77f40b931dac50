"""The words of profiles: they stand in the database and in the API, so they never change."""

from __future__ import annotations

from allgreen.domain.profile import Theme, Visibility


def test_who_sees_a_profile_is_told_from_most_to_fewest() -> None:
    assert [str(each) for each in Visibility] == ["public", "signed_in", "workspace"]


def test_a_theme_is_that_of_the_system_or_one_of_two() -> None:
    assert {str(each) for each in Theme} == {"system", "light", "dark"}
