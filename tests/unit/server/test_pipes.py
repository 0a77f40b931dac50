"""Pipes as paths: broken as often as the day was bad, and never whole without data."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allgreen.server.views.pipes import draw_strip


@pytest.mark.parametrize(("letter", "pieces"), [("u", 1), ("d", 2), ("p", 3), ("x", 4)])
def test_a_worse_day_is_broken_more_often(letter: str, pieces: int) -> None:
    drawn = dict(draw_strip("n" * 89 + letter))

    assert drawn[f"pf-{letter}"].count("M") == pieces
    assert drawn[f"pe-{letter}"].count("M") == pieces


def test_a_day_without_data_is_a_dash_at_mid_height() -> None:
    assert dict(draw_strip("n"))["pf-n"] == "M162 18h576v2h-576Z"


def test_maintenance_is_hatched_within_its_pipe() -> None:
    path = dict(draw_strip("u" * 89 + "m"))["pf-m"]

    assert path.count("Z") > 3
    assert "-" not in path


@given(st.text(max_size=120))
def test_letters_that_nobody_knows_are_no_data(letters: str) -> None:
    drawn = dict(draw_strip(letters))

    strange = sum(letter not in "udpxm" for letter in letters)
    assert drawn.get("pf-n", "").count("M") == strange
    assert set(drawn) <= {f"{part}-{letter}" for part in ("pf", "pe") for letter in "udpxmn"}
