"""Whatever happens, in whatever order: the invariants hold after each step.

I20 is the equality with the reference. All others are read off what is stored and sent, without a
word of the reference, so that a mistake that is made in both is found all the same.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Mapping
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from allgreen.domain.check import Confirmation
from allgreen.domain.identity import ServiceId
from allgreen.domain.incident import Incident, IncidentState
from allgreen.domain.maintenance import accounted, merged
from allgreen.domain.notice import UNPACED, Notice, NoticeKind, NoticeState
from allgreen.domain.status import Mode, Outcome, ServiceHealth, Shown, TimeKind
from allgreen.domain.uptime import tally
from allgreen.testing import MINUTE, NOON, outcomes
from tests.model.play import FIRST_CASE, Play, Trouble
from tests.model.reference import COUNTERS, Watched
from tests.model.sqlite import InSqlite, migrate
from tests.model.stage import Kept, Loop

T = TypeVar("T")
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
SINGLES = 5
"""So many mails of their own in five minutes, and one digest."""

PEOPLE = ("mara", "elsa", "ola")
ENDED = (NoticeState.SENT, NoticeState.DEAD, NoticeState.CANCELLED)
SAYS_UP = {NoticeKind.UP, NoticeKind.PAUSED, NoticeKind.RECONFIGURED, NoticeKind.DELETED}

names = st.sampled_from(FIRST_CASE)
anybody = st.sampled_from(PEOPLE)
stretches = st.sampled_from(["o", "f", "ff", "fff", "s", "sss", "b", "bbb", "p", "ppp", "fffo"])
endings = st.sampled_from([Trouble.NONE, Trouble.NONE, *Trouble])
pauses = st.sampled_from([1, 4, 11, 45, 61, 130, 400, 1900, 4000, 9000]).map(
    lambda seconds: timedelta(seconds=seconds)
)
confirmations = st.builds(
    Confirmation,
    down=st.sampled_from([3, 3, 2, 1, 4]),
    up=st.sampled_from([1, 1, 2]),
    slow=st.sampled_from([3, 1]),
    blind=st.just(3),
)


class Machine(RuleBasedStateMachine):
    """Two services and their recipients, through everything that the law has a word for."""

    has_reference = True
    longest_ahead = timedelta(seconds=10)

    def __init__(self) -> None:
        super().__init__()
        self.loop = Loop()
        self.play = self.make_play()
        self.loop.run(self.play.stage.keeping.open())
        self._kept: Kept | None = None
        self.has_stormed = False
        self.keys: dict[str, NoticeState] = {}
        self.frozen: Mapping[tuple[ServiceId, datetime | None], int] = {}

    def make_play(self) -> Play:
        """Set the stage."""
        return Play()

    @property
    def kept(self) -> Kept:
        """Return what is stored, read once after each step."""
        if self._kept is None:
            self._kept = self.loop.run(self.play.stage.look())
        return self._kept

    def do(self, *work: Awaitable[object]) -> None:
        """Let things happen."""
        self._kept = None
        self.play.lived.clear()
        for each in work:
            self.loop.run(each)

    def teardown(self) -> None:
        """Send what is left: every row comes to its end, and every outage was named."""
        if self.play.cast:
            self.play.doom = None
            self.do(self.play.drain())
            self._check_ends()
        self.loop.run(self.play.stage.keeping.close())
        self.loop.close()

    @initialize(confirmation=confirmations, remind=st.sampled_from([None, 10 * MINUTE, HOUR]))
    def begin(self, confirmation: Confirmation, remind: timedelta | None) -> None:
        self.do(self.play.begin(confirmation, remind))

    # What is found

    @rule(name=names, letters=stretches, took=st.sampled_from([0.2, 1, 9]))
    def runs(self, name: str, letters: str, took: float) -> None:
        for outcome in outcomes(letters):
            self.do(self.play.run(name, outcome, timedelta(seconds=took)))

    @rule(name=names, times=st.integers(1, 4), rest=st.sampled_from([0, 400]))
    def flaps(self, name: str, times: int, rest: int) -> None:
        for outcome in outcomes("fffo" * times):
            self.do(self.play.run(name, outcome))
            if outcome is Outcome.OK:
                self.play.wait(timedelta(seconds=rest))

    @rule(name=names, is_planned=st.booleans())
    def lasts(self, name: str, is_planned: bool) -> None:
        for outcome in outcomes("fff"):
            self.do(self.play.run(name, outcome))
        if is_planned:
            self.do(self.play.plan_window((name,), timedelta(0), HOUR))
        self.play.wait(11 * MINUTE)
        self.do(self.play.run(name, Outcome.FAIL))

    @precondition(lambda self: not self.has_stormed)
    @rule()
    def storms(self) -> None:
        self.has_stormed = True  # once is enough, and dear
        for name in reversed(FIRST_CASE):
            watched = self.play.watched(name)
            self.do(self.play.reschedule(name, MINUTE / 2))
            for outcome in outcomes(("f" * watched.down + "o" * watched.up) * 3):
                self.do(self.play.run(name, outcome, SECOND / 5))
                self.do(self.play.send_all())

    @rule()
    def begins_runs(self) -> None:
        self.do(self.play.lease())

    @rule(name=names, outcome=st.sampled_from(outcomes("ofsbp")), copies=st.integers(1, 2))
    def ends_a_run(self, name: str, outcome: Outcome, copies: int) -> None:
        if self.play.runs[name]:
            self.do(self.play.find(name, outcome, copies=copies))

    @rule(name=names, number=st.integers(0, 5))
    def hears_of_an_old_run(self, name: str, number: int) -> None:
        runs = self.play.runs[name]
        if number < len(runs):
            runs.append(runs.pop(number))
            self.do(self.play.find(name, Outcome.FAIL))

    @rule(name=names, truth=st.sampled_from([Outcome.OK, Outcome.FAIL]))
    def turns(self, name: str, truth: Outcome) -> None:
        self.play.turn(name, truth)

    @rule(minutes=st.integers(1, 5))
    def lives(self, minutes: int) -> None:
        self.do(self.play.live(minutes * MINUTE))

    @rule(span=pauses)
    def sleeps(self, span: timedelta) -> None:
        self.play.wait(span)

    # What people do

    @rule(name=names)
    def is_paused(self, name: str) -> None:
        self.do(self.play.pause(name))

    @rule(name=names)
    def is_resumed(self, name: str) -> None:
        self.do(self.play.resume(name))

    @rule(name=names)
    def is_asked_something_else(self, name: str) -> None:
        self.do(self.play.ask_something_else(name))

    @rule(name=names, minutes=st.sampled_from([0.5, 1, 3]))
    def gets_another_period(self, name: str, minutes: float) -> None:
        self.do(self.play.reschedule(name, minutes * MINUTE))

    @rule(name=names)
    def is_checked_now(self, name: str) -> None:
        self.do(self.play.ask_now(name))

    @rule(confirmation=confirmations, is_wanted=st.integers(0, 4))
    def is_deleted_or_made_anew(self, confirmation: Confirmation, is_wanted: int) -> None:
        if self.play.watched("web").mode == "deleted":
            self.do(self.play.register("web", confirmation, 10 * MINUTE))
        elif not is_wanted:
            self.do(self.play.delete("web"))

    @rule(name=names, person=anybody, confirmed=st.booleans())
    def joins(self, name: str, person: str, confirmed: bool) -> None:
        self.do(self.play.join(name, person, confirmed=confirmed))

    @rule(name=names, person=anybody)
    def confirms(self, name: str, person: str) -> None:
        self.do(self.play.confirm(name, person))

    @rule(name=names, person=anybody, by_link=st.booleans())
    def leaves(self, name: str, person: str, by_link: bool) -> None:
        self.do(self.play.leave(name, person, by_link=by_link))

    @rule(
        listed=st.sampled_from([(), ("api",), ("web",)]),
        ahead=st.sampled_from([0, 0, 90]),
        seconds=st.sampled_from([30, 200, 2000]),
    )
    def plans_a_window(self, listed: tuple[str, ...], ahead: int, seconds: int) -> None:
        self.do(self.play.plan_window(listed, ahead * SECOND, seconds * SECOND))

    @rule()
    def ends_windows(self) -> None:
        self.do(self.play.end_windows())

    # What happens to Allgreen

    @rule()
    def loses_its_network(self) -> None:
        self.do(self.play.lose_network())

    @rule()
    def finds_its_network(self) -> None:
        self.do(self.play.find_network())

    @rule()
    def is_restarted(self) -> None:
        self.do(self.play.restart())

    @rule(call=st.integers(0, 25))
    def will_be_killed(self, call: int) -> None:
        self.play.doom = call

    # What is sent

    @rule()
    def hands_out(self) -> None:
        self.do(self.play.hand_out())

    @rule(number=st.integers(0, 3), trouble=endings)
    def delivers(self, number: int, trouble: Trouble) -> None:
        if number < len(self.play.mails):
            self.do(self.play.deliver(number, trouble))

    @rule()
    def sends_all(self) -> None:
        self.do(self.play.send_all())

    # What holds

    @invariant()
    def i01_down_and_up_alternate(self) -> None:
        accepted = {row.key for mail in self.play.sent for row in mail.notice.rows}
        believes: dict[tuple[ServiceId | None, object], bool | None] = {}
        for row in self.kept.outbox:
            if row.recipient_id is None or (
                row.key not in accepted and row.state is not NoticeState.DEAD
            ):
                continue
            about = (row.service_id, row.recipient_id)
            match row.kind:
                case NoticeKind.DOWN if row.state is not NoticeState.DEAD:
                    assert believes.get(about, False) is not True
                    believes[about] = True
                case NoticeKind.STEADY:
                    believes[about] = row.facts["health"] == ServiceHealth.DOWN
                case NoticeKind.FLAPPING:
                    believes[about] = None
                case kind if kind in SAYS_UP:
                    was_told = believes.get(about, self._was_told_before(row))
                    assert was_told is not False or row.state is NoticeState.DEAD
                    believes[about] = False

    @invariant()
    def i02_one_incident_is_open_at_most(self) -> None:
        still_open = [one.service_id for one in self.kept.incidents if _is_open(one)]
        assert len(still_open) == len(set(still_open))

    @invariant()
    def i03_down_means_an_open_incident(self) -> None:
        still_open = {one.service_id for one in self.kept.incidents if _is_open(one)}
        for service in self.kept.services.values():
            assert (service.health is ServiceHealth.DOWN) == (service.id in still_open)
            assert service.mode is Mode.ACTIVE or service.id not in still_open

    @invariant()
    def i04_the_history_leads_to_the_state(self) -> None:
        rows = [row for row in self.kept.audit if row.action == "service.health"]
        for service in self.kept.services.values():
            turns = [row for row in rows if row.service_id == service.id]
            healths = [row.after["health"] for row in turns]
            assert [row.before["health"] for row in turns] == ["unknown", *healths][: len(turns)]
            assert service.health.value == (["unknown", *healths])[-1]
            assert len(turns) == service.revision

    @invariant()
    def i05_what_comes_twice_changes_nothing(self) -> None:
        latest = self.play.recorded[-3:]
        if not latest:
            return
        before = self.kept
        lived = dict(self.play.lived)
        self.do(self.play.record_again(latest[::-1]))
        self.play.lived = lived
        after = self.kept
        assert after.services == before.services
        assert after.incidents == before.incidents
        assert after.outbox == before.outbox
        assert after.results == before.results
        assert after.audit == before.audit
        assert after.spans == before.spans

    @invariant()
    def i06_a_second_copy_has_the_same_message_id(self) -> None:
        messages: dict[str, set[str]] = defaultdict(set)
        for mail in self.play.sent:
            for row in mail.notice.rows:
                messages[row.key].add(mail.notice.message_id("example.org"))
        assert all(len(ids) == 1 for ids in messages.values())

    @invariant()
    def i07_only_enough_failures_open_an_incident(self) -> None:
        if not self.has_reference:
            return  # whoever counts must know which results are old
        for service_id, evidence in self.play.evidence.items():
            needed = self._confirmation(service_id).down
            assert len(evidence.openings) == self._outages(service_id)
            for fails in evidence.openings:
                assert len(fails) >= needed
                assert needed == 1 or fails[-1] - fails[0] >= 10 * SECOND

    @invariant()
    def i08_a_true_outage_is_found(self) -> None:
        for name, span in self.play.lived.items():
            service = self.kept.services[self.play.id_of(name)]
            (check,) = service.checks
            slots = 2 + max(check.confirmation.down - 3, 0)
            if span > slots * check.schedule.every + 20 * SECOND:
                assert service.health is ServiceHealth.DOWN

    @invariant()
    def i09_noise_opens_no_incident(self) -> None:
        for service_id, evidence in self.play.evidence.items():
            if evidence.longest < self._confirmation(service_id).down:
                assert self._outages(service_id) == 0

    @invariant()
    def i10_nothing_opens_while_nobody_looks(self) -> None:
        for (service_id, offline_since), before in self.frozen.items():
            if offline_since == self.play.offline_since:
                assert self._outages(service_id) == before
        self.frozen = {
            (service.id, self.play.offline_since): self._outages(service.id)
            for service in self.kept.services.values()
            if self.play.offline_since is not None or service.mode is not Mode.ACTIVE
        }

    @invariant()
    def i11_the_kinds_of_time_add_up(self) -> None:
        end = self.play.now + MINUTE
        begin = min(NOON, end) - HOUR
        for service in self.kept.services.values():
            for check in service.checks:
                spans = accounted(
                    self.kept.spans.get(check.id, ()), check, self._windows(service.id), end
                )
                sums = tally(spans, begin, end)
                assert sums.whole == end - begin
                assert all(sums.of_kind(kind) >= timedelta(0) for kind in TimeKind)
                assert 0 <= (sums.uptime_pct() or 0) <= 100

    @invariant()
    def i12_no_incident_runs_backwards(self) -> None:
        for incident in self.kept.incidents:
            assert incident.began_at <= incident.outage_began_at <= incident.confirmed_at
            assert incident.ended_at is None or incident.confirmed_at <= incident.ended_at
            assert incident.duration(self.play.now) >= timedelta(0)

    @invariant()
    def i13_only_who_is_listed_and_confirmed_is_told(self) -> None:
        assert self.play.strangers == []

    @invariant()
    def i14_versions_grow_by_one(self) -> None:
        for service in self.kept.services.values():
            assert service.version == self.play.edits[service.id]

    @invariant()
    def i15_each_attempt_is_stored_once(self) -> None:
        keys = [(result.check_id, result.key) for result in self.kept.results]
        assert len(keys) == len(set(keys))

    @invariant()
    def i16_no_message_vanishes(self) -> None:
        states = {row.key: row.state for row in self.kept.outbox}
        for key, before in self.keys.items():
            was_under_way = before is NoticeState.CANCELLED
            assert before not in ENDED or states[key] is before or was_under_way
            assert key in states
        self.keys = states

    @invariant()
    def i17_nobody_gets_too_many_mails(self) -> None:
        handed: dict[str, dict[str, float]] = defaultdict(dict)
        for mail in self.play.sent:
            if mail.notice.kind not in UNPACED:
                handed[mail.notice.address].setdefault(mail.notice.key, mail.handed_s)
        for instants in handed.values():
            times = sorted(instants.values())
            # What waits is due when the clock is set back, so that nothing waits for ever.
            most = SINGLES + 1 + self.play.presence.set_backs
            for first, last in zip(times, times[most:], strict=False):
                assert last - first >= 5 * 60

    @invariant()
    def i18_what_is_shown_follows_from_what_is_stored(self) -> None:
        for service in self.kept.services.values():
            is_suspect = any(check.state.bad > 0 for check in service.checks)
            if service.mode is not Mode.ACTIVE:
                assert service.shown is Shown.PAUSED
            elif is_suspect and service.health is not ServiceHealth.DOWN:
                assert service.shown is Shown.CHECKING
            else:
                assert service.shown.value == service.health.value

    @invariant()
    def i19_each_service_has_one_next_run(self) -> None:
        for service in self.kept.services.values():
            if service.mode is Mode.ACTIVE:
                (check,) = service.checks
                slot = self.kept.plans[check.id]
                assert slot is not None
                assert slot.due_at <= self.play.now + max(check.schedule.every, self.longest_ahead)

    @invariant()
    def i20_the_reference_agrees(self) -> None:
        if self.has_reference:
            for service_id, watched in self.play.told.items():
                stored, said = _as_stored(self.kept, service_id), _as_said(watched)
                for part, value in stored.items():
                    assert value == said[part], part

    def _check_ends(self) -> None:
        assert all(row.state in ENDED for row in self.kept.outbox)
        named = {row.key for mail in self.play.sent for row in mail.notice.rows}
        sent = {row.key for row in self.kept.outbox if row.state is NoticeState.SENT}
        assert sent <= named

    def _outages(self, service_id: ServiceId) -> int:
        """Count how often a service went down."""
        listed = [each for each in self.kept.incidents if each.service_id == service_id]
        return sum(each.reopened + 1 for each in listed)

    def _confirmation(self, service_id: ServiceId) -> Confirmation:
        return self.kept.services[service_id].checks[0].confirmation

    def _windows(self, service_id: ServiceId) -> list[tuple[datetime, datetime]]:
        return merged(self.play.told[service_id].windows)

    def _was_told_before(self, row: Notice) -> bool | None:
        """Tell what somebody believes who was on the list before, under another id."""
        others = {
            other.recipient_id
            for other in self.kept.outbox
            if (other.service_id, other.address) == (row.service_id, row.address)
        }
        return None if len(others) > 1 else False


def _is_open(incident: Incident) -> bool:
    return incident.state is not IncidentState.RESOLVED


# What is compared ---------------------------------------------------------------------------


def _as_stored(kept: Kept, service_id: ServiceId) -> dict[str, object]:
    service = kept.services[service_id]
    (check,) = service.checks
    state, flaps = check.state, service.flaps
    listed = [each for each in kept.incidents if each.service_id == service_id]
    number = {each.id: place for place, each in enumerate(listed)}
    letters: dict[str, list[object]] = defaultdict(list)
    for row in kept.outbox:
        if row.service_id == service_id and row.recipient_id is not None:
            is_about = row.incident_id is not None and row.kind not in _OF_SERVICES
            outage = number[row.incident_id] if is_about and row.incident_id else None
            letters[row.address].append((row.kind.value, row.state.value, outage))
    admins = [each for each in kept.outbox if each.service_id == service_id]
    return {
        "mode": service.mode.value,
        "health": service.health.value,
        "counters": (state.bad, state.good, state.slow, state.blind),
        "first bad": state.first_bad_slot,
        "last": None if state.last is None else (state.last.slot, state.last.attempt),
        "version": check.version,
        "incidents": [_incident_as_stored(each) for each in listed],
        "flaps": (list(flaps.turns[-5:]), flaps.since, flaps.summaries),
        "time": [(span.began_at, span.kind.value) for span in kept.spans[check.id]],
        "results": {
            (each.slot, each.attempt): each.outcome.value
            for each in kept.results
            if each.check_id == check.id
        },
        "letters": dict(letters),
        "blocked": sum(each.kind is NoticeKind.BLOCKED for each in admins),
    }


def _incident_as_stored(incident: Incident) -> tuple[object, ...]:
    return (
        incident.began_at,
        incident.confirmed_at,
        incident.ended_at,
        incident.resolution.value if incident.resolution else "",
        incident.quiet.value if incident.quiet else "",
        incident.reopened,
        incident.reopened_at,
        incident.reminded,
    )


def _as_said(watched: Watched) -> dict[str, object]:
    number = {id(each): place for place, each in enumerate(watched.outages)}
    letters: dict[str, list[object]] = defaultdict(list)
    for letter in watched.letters:
        is_about = letter.outage is not None and letter.kind not in _OF_SERVICES
        outage = number[id(letter.outage)] if is_about else None
        letters[letter.to].append((letter.kind, letter.state, outage))
    return {
        "mode": watched.mode,
        "health": watched.health,
        "counters": tuple(watched.count[name] for name in COUNTERS),
        "first bad": watched.first_bad,
        "last": watched.last,
        "version": watched.version,
        "incidents": [
            (
                each.began_at,
                each.confirmed_at,
                each.ended_at,
                each.why,
                each.quiet,
                each.reopened,
                each.again_at,
                each.reminded,
            )
            for each in watched.outages
        ],
        "flaps": (watched.turns[-5:], watched.flaps_since, watched.summaries),
        "time": watched.time,
        "results": watched.results,
        "letters": dict(letters),
        "blocked": watched.blocked_letters,
    }


_OF_SERVICES = {NoticeKind.FLAPPING, NoticeKind.STEADY}


# The runs -----------------------------------------------------------------------------------


class ClocksMachine(Machine):
    """The same with a clock that is set back, of which the reference knows nothing."""

    has_reference = False
    # A check that is parked waits for five minutes, so that no plan of less is taken for a mistake.
    longest_ahead = timedelta(minutes=6)

    def make_play(self) -> Play:
        """Set the stage."""
        return Play(with_reference=False)

    @rule(minutes=st.sampled_from([2, 20, 130]))
    def is_set_back(self, minutes: int) -> None:
        self.do(self.play.set_clock_back(minutes * MINUTE))


@pytest.mark.timeout(600)
def test_the_product_keeps_the_law(pytestconfig: pytest.Config) -> None:
    examples: int = pytestconfig.getoption("model_examples")

    run_state_machine_as_test(Machine, settings=_thorough(examples))


@pytest.mark.timeout(600)
def test_the_invariants_hold_when_clocks_are_set_back(pytestconfig: pytest.Config) -> None:
    examples: int = pytestconfig.getoption("model_examples")

    run_state_machine_as_test(ClocksMachine, settings=_thorough(examples // 10))


@pytest.mark.timeout(600)
def test_the_product_keeps_the_law_on_sqlite(pytestconfig: pytest.Config, tmp_path: Path) -> None:
    examples: int = pytestconfig.getoption("model_examples")
    migrated, numbers = tmp_path / "migrated.sqlite3", count()
    asyncio.run(migrate(migrated))

    class OnSqlite(Machine):
        def make_play(self) -> Play:
            return Play(InSqlite(migrated, tmp_path / f"{next(numbers)}.sqlite3"))

    run_state_machine_as_test(OnSqlite, settings=_thorough(examples // 40))


def _thorough(examples: int) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=50,
        deadline=None,
        # Histories are long on purpose, and most steps of some are no step at all.
        suppress_health_check=list(HealthCheck),
    )
