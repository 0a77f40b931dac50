"""What is written down of a run: every kind of broken promise, and how many there were."""

from __future__ import annotations

from tests.faults.__main__ import summed_up


def test_faults_that_differ_in_figures_alone_are_one_line() -> None:
    faults = [
        "R1: the first probe came 7.3 s after a start",
        "R1: one probe in a hundred is 1.5 s late",
        "R1: the first probe came 5.1 s after a start",
        "/service-001: incident 01a1fa62-feef-7232-be4c-eb49e4fbb003/1 began while it held",
        "/service-029: incident 01a1fa63-02b5-7255-86b2-724396d446d9/13 began while it held",
        "/service-029: not asked once in a life within the time from 1 to 2",
    ]

    assert summed_up(faults) == [
        "R1: the first probe came 7.3 s after a start (and 1 like it)",
        "R1: one probe in a hundred is 1.5 s late",
        f"{faults[3]} (and 1 like it)",
        "/service-029: not asked once in a life within the time from 1 to 2",
    ]


def test_nothing_broken_is_nothing_to_sum_up() -> None:
    assert summed_up([]) == []
