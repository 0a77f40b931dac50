"""Mutants: the product with one small mistake each, which the proof has to find.

A proof that nothing can fail proves nothing. Each mutant is a process of its own that changes one
thing of the product in its memory, runs the machine, and says whether anybody noticed.
"""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from allgreen.domain import evaluation, mailing, service, telling
from allgreen.domain.check import Check, CheckState
from allgreen.domain.events import Event
from allgreen.domain.flapping import FlapRule, Flaps
from allgreen.domain.incident import Incident, Surroundings
from allgreen.domain.notice import Notice
from allgreen.domain.result import Result
from allgreen.domain.service import Service
from allgreen.domain.status import Mode, Outcome, ServiceHealth, TimeKind
from allgreen.monitoring.handlers import notices, results
from allgreen.ports import UnitOfWork
from allgreen.storage import memory
from tests.model.test_machine import Machine

ROOT = Path(__file__).parents[2]
SEEDS = (1, 2, 3)
EXAMPLES = 150
NOTICED = 3
"""How a process ends in which an invariant did not hold; a mutant that crashes is none."""

Mutation = Callable[[], None]
MUTANTS: dict[str, Mutation] = {}


def mutant(change: Mutation) -> Mutation:
    """List a mutant under the name of its function."""
    MUTANTS[change.__name__] = change
    return change


@mutant
def nothing_is_wrong() -> None:
    """Stay as it is: the machine must not complain of that."""


def kill_all(tell: Callable[[str], None]) -> tuple[int, list[str]]:
    """Run every mutant; return how many there are, and those that nobody noticed."""
    if is_noticed("nothing_is_wrong"):
        raise AssertionError("The machine fails on the product as it is.")
    survivors = []
    wrong = [name for name in MUTANTS if name != "nothing_is_wrong"]
    for name in wrong:
        is_killed = is_noticed(name)
        tell(f"{'killed' if is_killed else 'SURVIVED'}: {name.replace('_', ' ')}")
        if not is_killed:
            survivors.append(name)
    return len(wrong), survivors


def is_noticed(name: str) -> bool:
    """Run one mutant in a process of its own; tell whether the machine failed."""
    command = [sys.executable, "-m", "tests.model.mutants", name]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, timeout=600)
    if done.returncode not in (0, NOTICED):
        raise RuntimeError(done.stderr.decode()[-2000:])
    return done.returncode == NOTICED


def _put(place: object, name: str, wrong: object) -> None:
    """Put something wrong in a place of the product."""
    setattr(place, name, wrong)


# In the state of a check -------------------------------------------------------------------------


def _after(name: str, change: Callable[[CheckState, Check, Result], CheckState]) -> None:
    """Change what one of the functions of the evaluation makes of a result."""
    original = getattr(evaluation, name)

    def changed(check: Check, result: Result) -> CheckState:
        return change(original(check, result), check, result)

    _put(evaluation, name, changed)


@mutant
def one_failure_too_few_confirms() -> None:
    original = evaluation._after_failure

    def early(check: Check, result: Result) -> CheckState:
        down = max(check.confirmation.down - 1, 1)
        eager = replace(check, confirmation=replace(check.confirmation, down=down))
        return original(eager, result)

    _put(evaluation, "_after_failure", early)


@mutant
def failures_are_not_forgotten_by_an_answer() -> None:
    _after("_after_answer", lambda state, check, _: replace(state, bad=check.state.bad))


@mutant
def the_first_bad_slot_is_not_forgotten() -> None:
    _after(
        "_after_answer",
        lambda state, check, _: replace(state, first_bad_slot=check.state.first_bad_slot),
    )


@mutant
def good_results_are_not_forgotten_by_a_failure() -> None:
    _after("_after_failure", lambda state, check, _: replace(state, good=check.state.good))


@mutant
def what_is_blocked_counts_as_a_failure() -> None:
    original = evaluation.evaluate

    def strict(check: Check, result: Result) -> tuple[CheckState, list[Event]]:
        is_blocked = result.outcome is Outcome.BLOCKED
        return original(check, replace(result, outcome=Outcome.FAIL) if is_blocked else result)

    _put(service, "evaluate", strict)


@mutant
def a_time_without_evidence_says_nothing() -> None:
    _after(
        "_after_silence",
        lambda state, check, _: replace(
            state, health=check.state.health, counts_as=check.state.counts_as
        ),
    )


@mutant
def a_time_without_evidence_ends_an_outage() -> None:
    def forget(state: CheckState, _check: Check, _result: Result) -> CheckState:
        return replace(state, health=ServiceHealth.UNKNOWN) if state.blind >= 3 else state

    _after("_after_silence", forget)


@mutant
def the_blind_time_counts_from_its_last_slot() -> None:
    _put(evaluation, "_first_blind_slot", lambda _check, result: result.slot)


@mutant
def an_outage_begins_when_it_is_confirmed() -> None:
    def late(state: CheckState, check: Check, result: Result) -> CheckState:
        turned = state.health is not check.state.health
        return replace(state, since=result.finished_at) if turned else state

    _after("_after_failure", late)


# In the life of a service ------------------------------------------------------------------------


@mutant
def missed_slots_are_not_written() -> None:
    _put(Service, "missed_before", lambda _self, _result: [])


@mutant
def the_order_of_results_does_not_matter() -> None:
    def concerns(self: Service, check: Check, result: Result) -> bool:
        return self.mode is Mode.ACTIVE and result.version == check.version

    _put(Service, "_concerns", concerns)


@mutant
def an_old_version_counts() -> None:
    def concerns(self: Service, check: Check, result: Result) -> bool:
        is_new = check.state.last is None or result.key > check.state.last
        return self.mode is Mode.ACTIVE and is_new

    _put(Service, "_concerns", concerns)
    _put(results, "_is_current", lambda each, _result: each.mode is Mode.ACTIVE)
    _ignore_fences()


@mutant
def the_fence_is_ignored() -> None:
    _ignore_fences()


def _ignore_fences() -> None:
    async def fences(_self: object, _ids: object) -> dict[Any, int]:
        return {}

    _put(memory.MemoryCheckRepository, "fences", fences)


@mutant
def a_pause_keeps_the_counters() -> None:
    _put(
        service,
        "_fresh",
        lambda state, kind: replace(state, health=ServiceHealth.UNKNOWN, counts_as=kind),
    )


@mutant
def an_outage_is_never_continued() -> None:
    _put(Incident, "may_reopen", lambda _self, _at: False)


@mutant
def an_outage_is_always_continued() -> None:
    _put(Incident, "may_reopen", lambda self, _at: self.ended_at is not None)


# In what is told ---------------------------------------------------------------------------------


@mutant
def the_end_is_told_to_everybody() -> None:
    original = notices._told_of_begin

    async def everybody(about: Incident, uow: UnitOfWork) -> dict[str, Notice]:
        told = await original(about, uow)
        listed = await uow.outbox.about(about.id)
        return {each.address: each for each in listed} | told

    _put(notices, "_told_of_begin", everybody)


@mutant
def the_unconfirmed_are_told() -> None:
    async def listed(uow: UnitOfWork, service_id: Any) -> list[Any]:
        return await uow.recipients.of_service(service_id)

    _put(notices, "_confirmed", listed)


@mutant
def who_joins_is_not_told() -> None:
    async def silent(_self: object, _event: object, _turn: object) -> None:
        return None

    _put(notices.NoticeWriter, "tell_late", silent)


@mutant
def who_left_is_told_what_waits() -> None:
    _put(memory.MemoryRecipientRepository, "_cancel", lambda _self, _recipient_id: None)


@mutant
def the_end_is_not_withdrawn() -> None:
    async def withdraw(_self: object, _incident_id: object, _kind: object) -> list[Notice]:
        return []

    _put(memory.MemoryOutboxRepository, "withdraw", withdraw)


@mutant
def an_outage_is_released_inside_its_window() -> None:
    original = telling.Telling._perhaps_release

    def eager(self: Any, one: Incident, slot: datetime, now: datetime, around: Surroundings) -> Any:
        return original(self, one, slot, now, replace(around, in_window=False, blocked_by=None))

    _put(telling.Telling, "_perhaps_release", eager)


@mutant
def an_outage_is_never_released() -> None:
    _put(telling.Telling, "_perhaps_release", lambda self, *_: (self, []))


@mutant
def windows_are_not_looked_at() -> None:
    original = telling.Telling.begin

    def loud(self: Any, incident_id: Any, *, around: Surroundings, **rest: Any) -> Any:
        return original(self, incident_id, around=replace(around, in_window=False), **rest)

    _put(telling.Telling, "begin", loud)


@mutant
def dependencies_are_not_looked_at() -> None:
    original = telling.Telling.begin

    def loud(self: Any, incident_id: Any, *, around: Surroundings, **rest: Any) -> Any:
        return original(self, incident_id, around=replace(around, blocked_by=None), **rest)

    _put(telling.Telling, "begin", loud)


@mutant
def flapping_needs_one_turn_more() -> None:
    original = Flaps.after_turn

    def late(self: Flaps, at: datetime, rule: FlapRule) -> Flaps:
        return original(self, at, replace(rule, turns=rule.turns + 1))

    _put(Flaps, "after_turn", late)


@mutant
def flapping_never_ends() -> None:
    _put(Flaps, "is_over", lambda _self, _at, _rule: False)


@mutant
def reminders_go_on_in_a_window() -> None:
    original = telling.Telling.go_on_down

    def loud(self: Any, *, around: Surroundings, **rest: Any) -> Any:
        is_quiet = self.incident is not None and self.incident.quiet is not None
        return original(
            self, around=around if is_quiet else replace(around, in_window=False), **rest
        )

    _put(telling.Telling, "go_on_down", loud)


# In what is sent ---------------------------------------------------------------------------------


@mutant
def a_second_copy_has_another_id() -> None:
    original = Notice.message_id

    def other(self: Notice, domain: str) -> str:
        return f"{self.attempt}{original(self, domain)}"

    _put(Notice, "message_id", other)


@mutant
def nobody_counts_the_mails() -> None:
    object.__setattr__(mailing.PACE, "singles", 1000)


@mutant
def paused_time_is_unknown() -> None:
    original = evaluation.turn_account

    def wrong(check: Check, at: datetime, kind: TimeKind) -> Any:
        return original(check, at, TimeKind.UNKNOWN if kind is TimeKind.PAUSED else kind)

    _put(service, "turn_account", wrong)


# Running -----------------------------------------------------------------------------------------


def run_mutant(name: str) -> int:
    """Make one mistake and run the machine; `NOTICED` when it was."""
    logging.disable(logging.CRITICAL)
    MUTANTS[name]()
    for number in SEEDS:
        if _fails(number):
            return NOTICED
    return 0


def _fails(number: int) -> bool:
    try:
        run_state_machine_as_test(
            seed(number)(type("Seeded", (Machine,), {})),
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=50,
                deadline=None,
                phases=[Phase.generate],
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    except* AssertionError:
        is_noticed_here = True
    else:
        is_noticed_here = False
    return is_noticed_here


def main(arguments: Sequence[str]) -> int:
    """Run the mutant that is named."""
    return run_mutant(arguments[0])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
