"""The states of days stay apart for every eye: by their form, and by how light they are."""

from __future__ import annotations

import re
from itertools import combinations
from typing import Final

import pytest

from allgreen.domain.notice import NoticeKind
from allgreen.notifiers.rendering import render_html
from allgreen.server.views.pipes import CUTS, draw_strip
from tests.checkout import ROOT
from tests.colours import DEFICIENCIES, Colour, contrast, difference, seen_by, tokens
from tests.letters import a_letter

TOKENS: Final = {
    "u": "up",
    "d": "degraded",
    "p": "partial",
    "x": "down",
    "m": "maint",
    "n": "nodata",
}
"""The fill of each state of a day."""
EDGED: Final = "udpx"
GROUNDS: Final = ("canvas", "surface", "raised")
EYES: Final = ("all cones", *DEFICIENCIES)
NOTICED: Final = 5.0
"""ΔE in OKLab, in hundredths: twice what is just noticed side by side."""

in_every_way = pytest.mark.parametrize("theme", ["light", "dark"])
to_every_eye = pytest.mark.parametrize("eyes", EYES)


def _fills(theme: str, eyes: str) -> dict[str, Colour]:
    return {letter: seen_by(eyes, tokens(theme)[name]) for letter, name in TOKENS.items()}


def test_no_two_states_have_the_same_form() -> None:
    forms = {letter: re.sub(r"[-\d. ]+", "", draw_strip(letter)[0][1]) for letter in TOKENS}

    assert len(set(forms.values())) == len(TOKENS)


def test_a_pipe_is_broken_as_often_wherever_it_is_drawn() -> None:
    script = (ROOT / "web/src/components/strip/strip.ts").read_text(encoding="utf-8")
    of_screens = {
        letter: int(cuts)
        for letter, cuts in re.findall(r"^  (\w): {.*cuts: (\d)", script, re.MULTILINE)
    }
    of_mails = {
        letter: render_html(a_letter(NoticeKind.DOWN, strip14=letter)).count('line-height:0"></td>')
        for letter in CUTS
    }

    assert {letter: of_screens[letter] for letter in CUTS} == CUTS
    assert of_mails == CUTS


@in_every_way
@to_every_eye
def test_no_two_states_look_alike(theme: str, eyes: str) -> None:
    fills = _fills(theme, eyes)

    alike = {
        (one, other): difference(fills[one], fills[other])
        for one, other in combinations(TOKENS, 2)
        if difference(fills[one], fills[other]) < NOTICED
    }

    assert alike == {}


@in_every_way
def test_every_pipe_has_a_side_that_stands_out_from_its_ground(theme: str) -> None:
    sides = {
        letter: tokens(theme)[f"{name}-edge" if letter in EDGED else name]
        for letter, name in TOKENS.items()
    }

    assert _faint(sides, theme, "all cones", least=3) == {}


@in_every_way
@to_every_eye
def test_every_pipe_stands_out_for_every_eye(theme: str, eyes: str) -> None:
    # In the light theme the darker side is what is seen, in the dark theme the body.
    part = "-edge" if theme == "light" else ""
    sides = {
        letter: seen_by(eyes, tokens(theme)[f"{name}{part if letter in EDGED else ''}"])
        for letter, name in TOKENS.items()
    }

    assert _faint(sides, theme, eyes, least=2.7) == {}


def _faint(
    sides: dict[str, Colour], theme: str, eyes: str, *, least: float
) -> dict[tuple[str, str], float]:
    """Return what is too close in luminance to a ground on which strips lie."""
    grounds = {name: seen_by(eyes, tokens(theme)[name]) for name in GROUNDS}
    ratios = {
        (letter, ground): round(contrast(side, grounds[ground]), 2)
        for letter, side in sides.items()
        for ground in GROUNDS
    }
    return {where: ratio for where, ratio in ratios.items() if ratio < least}
