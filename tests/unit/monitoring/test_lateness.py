"""By how much runs begin late, as a histogram."""

from allgreen.monitoring.lateness import BOUNDS_S, Lateness


def test_each_run_is_counted_up_to_its_bound() -> None:
    lateness = Lateness()

    for late_s in (0.001, 0.05, 0.3, 900.0):
        lateness.add(late_s)

    counts = dict(zip((*BOUNDS_S, None), lateness.up_to(), strict=True))
    assert (counts[0.005], counts[0.05], counts[0.25], counts[0.5]) == (1, 2, 2, 3)
    assert (counts[60.0], counts[None]) == (3, 4)


def test_a_run_that_began_early_is_not_late() -> None:
    lateness = Lateness()

    lateness.add(-2.0)

    assert (lateness.latest_s, lateness.sum_s, lateness.up_to()[0]) == (0.0, 0.0, 1)
