"""Hostile text in faults."""

import pytest

from allgreen.domain.status import FailureClass, Outcome
from allgreen.errors import TargetBlockedError
from allgreen.outbound.fault import Fault, as_plain


@pytest.mark.parametrize(
    ("hostile", "plain"),
    [
        ("a\r\nb\0c", "a bc"),
        ("\x1b[31mred", "[31mred"),
        ("abc\u202etxt.exe", "abctxt.exe"),
        ("ä" * 400, "ä" * 300),
        ("a" * 400, "a" * 300),
        ("\ud800", ""),
    ],
)
def test_hostile_text_becomes_one_plain_line(hostile: str, plain: str) -> None:
    assert as_plain(hostile) == plain


def test_only_a_target_can_fail() -> None:
    blocked = Fault.of_guard(TargetBlockedError("10.0.0.1", "it is private."))
    ours = Fault.of_ours("no files", "No files are left.")
    theirs = Fault.of_target(FailureClass.DNS, "no such name", "There is no such name.")

    assert [fault.outcome for fault in (blocked, ours, theirs)] == [
        Outcome.BLOCKED,
        Outcome.PROBE_ERROR,
        Outcome.FAIL,
    ]
    assert [fault.failure for fault in (blocked, ours)] == [None, None]
