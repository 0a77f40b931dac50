"""Failpoints strike where, when and about whom they were told to, and nowhere else."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from allgreen.failpoints import FailpointError, Seam, arm, failpoint
from tests.checkout import ROOT


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    """Leave no trap behind for other tests."""
    yield
    arm("")


def test_nothing_happens_at_a_seam_that_is_not_armed() -> None:
    arm("after_mark=raise")

    failpoint(Seam.AFTER_ACCEPT)


def test_a_seam_raises_from_the_pass_that_was_asked_for() -> None:
    arm("evaluate=raise:2")

    failpoint(Seam.EVALUATE)

    for _ in range(2):
        with pytest.raises(FailpointError):
            failpoint(Seam.EVALUATE)


def test_a_seam_about_one_subject_leaves_the_others_alone() -> None:
    arm("evaluate@0198-one=raise")

    failpoint(Seam.EVALUATE, "0198-two")

    with pytest.raises(FailpointError):
        failpoint(Seam.EVALUATE, "0198-one")


def test_a_seam_kills_at_the_pass_that_was_asked_for() -> None:
    kills: list[str] = []
    arm("before_send=kill:3", kill=lambda: kills.append("killed"))

    failpoint(Seam.BEFORE_SEND)
    failpoint(Seam.BEFORE_SEND)
    assert kills == []

    failpoint(Seam.BEFORE_SEND)
    assert kills == ["killed"]


def test_the_process_ends_as_by_a_power_cut() -> None:
    code = "from allgreen.failpoints import *; arm('at_start=kill'); failpoint(Seam.AT_START)"

    ended = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)

    assert ended.returncode == -signal.SIGKILL


def test_many_seams_are_armed_at_once() -> None:
    arm("evaluate=raise, in_fold=raise")

    with pytest.raises(FailpointError):
        failpoint(Seam.IN_FOLD)


@pytest.mark.parametrize("text", ["after_accept", "after_accept=burn", "nowhere=kill", "=kill"])
def test_what_cannot_be_read_is_refused_and_leaves_the_traps_as_they_were(text: str) -> None:
    arm("evaluate=raise")

    with pytest.raises(ValueError, match=r"is no (seam|failpoint)"):
        arm(f"in_fold=raise,{text}")

    failpoint(Seam.IN_FOLD)
    with pytest.raises(FailpointError):
        failpoint(Seam.EVALUATE)


def test_every_seam_is_passed_somewhere_and_described() -> None:
    page = (ROOT / "docs/explanation/faults.md").read_text()
    code = "".join(path.read_text() for path in (ROOT / "src/allgreen").rglob("*.py"))

    assert [seam for seam in Seam if f"failpoint(Seam.{seam.name}" not in code] == []
    assert [seam for seam in Seam if f"| `{seam}` |" not in page] == []
