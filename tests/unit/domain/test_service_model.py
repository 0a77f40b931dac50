"""The state machine against a small model of it, and the invariants that no input may break."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from allgreen.domain.check import Confirmation
from allgreen.domain.events import ServiceStatusChanged
from allgreen.domain.result import Result
from allgreen.domain.status import Outcome, ServiceHealth, TimeKind
from allgreen.domain.uptime import tally, until_covered, worst_spans
from allgreen.testing import MINUTE, NOON, a_result
from tests.unit.domain.walk import a_walk

thoroughly = settings(max_examples=200, deadline=None)

GOOD = (Outcome.OK, Outcome.SLOW)
BLIND = (Outcome.BLOCKED, Outcome.PROBE_ERROR, Outcome.MISSED)

confirmations = st.builds(
    Confirmation,
    down=st.integers(1, 5),
    up=st.integers(1, 3),
    slow=st.integers(1, 3),
    blind=st.integers(1, 4),
)
# Runs of the same outcome, because single ones hardly ever confirm anything.
stretches = st.lists(
    st.tuples(st.sampled_from(Outcome), st.integers(1, 5)), min_size=1, max_size=12
).map(lambda runs: [outcome for outcome, count in runs for _ in range(count)])
offsets = st.timedeltas(min_value=timedelta(minutes=-10), max_value=timedelta(minutes=10))


@dataclass
class Model:
    """What the table says, in as few words as possible: a health and four counters."""

    confirmation: Confirmation
    health: ServiceHealth = ServiceHealth.UNKNOWN
    count: dict[str, int] = field(
        default_factory=lambda: {"bad": 0, "good": 0, "slow": 0, "blind": 0}
    )

    def take(self, outcome: Outcome) -> None:
        if outcome in BLIND:
            self._count("blind", keeping=("bad", "good", "slow"))
            if self.count["blind"] >= self.confirmation.blind:
                self._lose_sight()
        elif outcome is Outcome.FAIL:
            self._count("bad")
            if self.count["bad"] >= self.confirmation.down:
                self.health = ServiceHealth.DOWN
        elif self.health is ServiceHealth.DOWN and self.count["good"] + 1 < self.confirmation.up:
            is_slow = outcome is Outcome.SLOW
            self._count("good", keeping=("slow",) if is_slow else ())
            self.count["slow"] += is_slow
        else:
            self._answer(outcome)

    def _answer(self, outcome: Outcome) -> None:
        came_back = self.health is ServiceHealth.DOWN
        was_degraded = self.health is ServiceHealth.DEGRADED
        self._count("slow" if outcome is Outcome.SLOW else "", keeping=())
        is_slow_for_long = self.count["slow"] >= self.confirmation.slow
        is_degraded = outcome is Outcome.SLOW and (came_back or was_degraded or is_slow_for_long)
        self.health = ServiceHealth.DEGRADED if is_degraded else ServiceHealth.UP

    def _lose_sight(self) -> None:
        if self.health is not ServiceHealth.DOWN:
            self.health = ServiceHealth.UNKNOWN
            self.count.update(bad=0, good=0, slow=0)

    def _count(self, name: str, keeping: Sequence[str] = ()) -> None:
        kept = {*keeping, name}
        self.count = {each: value if each in kept else 0 for each, value in self.count.items()}
        if name:
            self.count[name] += 1


@thoroughly
@given(confirmations, stretches)
def test_the_machine_agrees_with_the_model_after_each_run(
    confirmation: Confirmation, outcomes: list[Outcome]
) -> None:
    walk, model = a_walk(confirmation=confirmation), Model(confirmation)

    for outcome in outcomes:
        walk.take([outcome])
        model.take(outcome)
        state = walk.service.checks[0].state
        found = {"bad": state.bad, "good": state.good, "slow": state.slow, "blind": state.blind}
        assert (walk.service.health, found) == (model.health, model.count)


@thoroughly
@given(confirmations, stretches)
def test_a_service_is_down_exactly_while_its_one_incident_is_open(
    confirmation: Confirmation, outcomes: list[Outcome]
) -> None:
    walk = a_walk(confirmation=confirmation)

    for outcome in outcomes:
        walk.take([outcome])
        is_down = walk.service.health is ServiceHealth.DOWN
        assert is_down == (walk.service.incident is not None)
        assert len(walk.opened) - len(walk.resolved) == is_down


@thoroughly
@given(confirmations, stretches)
def test_only_failures_in_sufficient_number_open_an_incident(
    confirmation: Confirmation, outcomes: list[Outcome]
) -> None:
    walk = a_walk(confirmation=confirmation)

    failures = 0
    for outcome in outcomes:
        before = len(walk.opened)
        walk.take([outcome])
        failures = failures + 1 if outcome is Outcome.FAIL else failures * (outcome in BLIND)
        if len(walk.opened) > before:
            assert outcome is Outcome.FAIL
            assert failures >= confirmation.down


@thoroughly
@given(st.lists(st.sampled_from([Outcome.OK, Outcome.SLOW, *BLIND]), max_size=60))
def test_without_a_failure_there_is_no_incident(outcomes: list[Outcome]) -> None:
    walk = a_walk().take(outcomes)

    assert walk.opened == []


@thoroughly
@given(
    st.lists(
        st.tuples(st.integers(1, 4), st.sampled_from([[], [Outcome.FAIL], [Outcome.FAIL] * 2])),
        max_size=20,
    )
)
def test_noise_below_three_in_a_row_opens_no_incident(
    stretches: list[tuple[int, list[Outcome]]],
) -> None:
    outcomes = [one for goods, noise in stretches for one in [*[Outcome.OK] * goods, *noise]]

    assert a_walk().take([*outcomes, Outcome.OK]).opened == []


@thoroughly
@given(confirmations, stretches, st.data())
def test_time_never_runs_backwards_in_an_incident(
    confirmation: Confirmation, outcomes: list[Outcome], data: st.DataObject
) -> None:
    walk = a_walk(confirmation=confirmation)

    for number, outcome in enumerate(outcomes):
        slot = NOON + number * MINUTE
        jump = data.draw(offsets)
        walk.see(a_result(outcome, slot=slot, started_at=slot + jump))

    for incident in walk.resolved:
        assert incident.ended_at is not None
        assert incident.began_at <= incident.confirmed_at <= incident.ended_at
        assert incident.duration(NOON) >= timedelta(0)


@thoroughly
@given(confirmations, stretches)
def test_each_transition_is_told_once_and_they_lead_to_the_state(
    confirmation: Confirmation, outcomes: list[Outcome]
) -> None:
    walk = a_walk(confirmation=confirmation).take(outcomes)

    assert walk.service.revision == len(walk.turns)
    assert _replayed(walk.turns) is walk.service.health


def _replayed(turns: list[ServiceStatusChanged]) -> ServiceHealth:
    health = ServiceHealth.UNKNOWN
    for turn in turns:
        assert turn.before is health
        assert turn.after is not health
        health = turn.after
    return health


@thoroughly
@given(confirmations, stretches)
def test_results_that_come_twice_change_nothing(
    confirmation: Confirmation, outcomes: list[Outcome]
) -> None:
    once, twice = a_walk(confirmation=confirmation), a_walk(confirmation=confirmation)

    once.take(outcomes)
    for result in once.results:
        twice.see(result)
        twice.see(result)

    # The two walks draw the identities of their incidents from different numbers.
    assert replace(twice.service, incident=None) == replace(once.service, incident=None)
    assert len(twice.turns) == len(once.turns)


@thoroughly
@given(confirmations, stretches, st.data())
def test_late_results_change_nothing(
    confirmation: Confirmation, outcomes: list[Outcome], data: st.DataObject
) -> None:
    walk = a_walk(confirmation=confirmation).take(outcomes)
    before = walk.service
    late = data.draw(st.sampled_from(walk.results))

    walk.see(_as_failure(late))

    assert walk.service == before


def _as_failure(result: Result) -> Result:
    return a_result(Outcome.FAIL, slot=result.slot, attempt=result.attempt)


@thoroughly
@given(confirmations, stretches)
def test_the_kinds_of_time_add_up_to_the_window(
    confirmation: Confirmation, outcomes: list[Outcome]
) -> None:
    walk = a_walk(confirmation=confirmation).take(outcomes)
    begin, end = NOON - 30 * MINUTE, walk.now + 2 * MINUTE
    spans = until_covered(walk.spans, walk.service.checks[0], end)

    measured = tally(spans, begin, end)

    assert measured.whole == end - begin
    assert measured == tally(worst_spans([spans], begin, end), begin, end)
    uptime_pct = measured.uptime_pct()
    assert uptime_pct is None or 0 <= uptime_pct <= 100


@thoroughly
@given(stretches.map(lambda outcomes: [one for one in outcomes if one not in BLIND]))
def test_time_that_counts_as_down_is_the_time_of_incidents(outcomes: list[Outcome]) -> None:
    walk = a_walk().take(outcomes)

    down = walk.time_of(TimeKind.DOWN, walk.now)

    still_open = [walk.service.incident] if walk.service.incident else []
    assert down == sum(
        (incident.duration(walk.now) for incident in [*walk.resolved, *still_open]), timedelta(0)
    )


@thoroughly
@given(confirmations, stretches, st.integers(0, 3000))
def test_a_pause_at_any_moment_leaves_no_incident_and_no_suspicion(
    confirmation: Confirmation, outcomes: list[Outcome], minutes: int
) -> None:
    walk = a_walk(confirmation=confirmation).take(outcomes)
    at: datetime = walk.now + minutes * MINUTE

    paused = walk.service.pause(at).service
    resumed = paused.resume(at + MINUTE).service

    assert paused.incident is None
    assert (resumed.health, resumed.incident) == (ServiceHealth.UNKNOWN, None)
    assert not resumed.checks[0].state.is_suspect


def test_the_model_knows_every_outcome() -> None:
    assert set(GOOD) | set(BLIND) | {Outcome.FAIL} == set(Outcome)
