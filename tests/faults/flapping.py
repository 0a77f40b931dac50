"""R25: a target that flaps. Its turns are told until they are no news any more, and then as one.

On virtual time with the periods and delays of the real thing, until it has been steady for long
enough; and on the real platform with a period of one second, as far as 100 s reach.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from allgreen.domain.identity import ServiceId
from allgreen.domain.notice import NoticeKind
from allgreen.domain.status import Outcome
from allgreen.testing import NOON
from tests.faults.flipping import now_s
from tests.faults.scenario import Report, Tell
from tests.faults.stage import Stage, kind_of, message_id_of, pause
from tests.faults.virtual import VirtualWorld
from tests.platform import Person

SLOTS = 100
SLOTS_IN_EARNEST = 60
SLOT_S = 3
"""Long enough that an outage of one slot is confirmed before it is over."""

STEADY_AFTER_S = 35 * 60
MOST_TURNS_TOLD = 4
TURNS = (NoticeKind.DOWN, NoticeKind.UP)


def run(tell: Tell) -> Report:
    """Flap 100 slots long, on virtual time and in earnest."""
    virtual = run_short(tell)
    real = _flap_in_earnest(SLOTS_IN_EARNEST, tell)
    return Report(
        figures=(*virtual.figures, *real.figures),
        faults=(*virtual.faults, *real.faults),
        not_run=("R25: half an hour of real time until it is steady; on virtual time it was",),
    )


def run_short(tell: Tell) -> Report:
    """Flap on virtual time only."""
    told = asyncio.run(flap_virtually(SLOTS))
    tell(f"on virtual time: {dict(told)}")
    # Beside the first notice there is one for each full hour until it is steady.
    summaries = (SLOTS + 30) // 60
    return Report(
        figures=(f"virtual time, every minute, {SLOTS} slots: {_in_words(told)}",),
        faults=tuple(_faults(told, summaries=summaries, steady=1)),
    )


async def flap_virtually(slots: int) -> Counter[NoticeKind]:
    """Let a service fail in every other slot and then hold; return how many messages it cost."""
    end = NOON + slots * timedelta(minutes=1)

    def answer(_: ServiceId, at: datetime) -> Outcome:
        is_down = at < end and (at - NOON) // timedelta(minutes=1) % 2 == 1
        return Outcome.FAIL if is_down else Outcome.OK

    world = VirtualWorld(answer)
    await world.watch(1)
    await world.run_until(end + timedelta(seconds=STEADY_AFTER_S))
    return world.told


def _flap_in_earnest(slots: int, tell: Tell) -> Report:
    with Stage.opened("flapping") as stage:
        stage.platform.start()
        person = Person(stage.platform).set_up()
        begin = now_s() + 2
        stage.target.plans["/flapping"] = [begin + turn * SLOT_S for turn in range(slots)]
        stage.watch(person, "/flapping", addresses=[person.email], every_s=SLOT_S)
        pause(slots * SLOT_S + 5)
        mails = {message_id_of(mail): kind_of(mail) for mail in stage.news}
        answers = stage.target.log["/flapping"]
    told = Counter(NoticeKind(kind) for kind in mails.values())
    tell(f"in earnest: {dict(told)}")
    turns = sum(one.is_down != other.is_down for one, other in pairwise(answers))
    return Report(
        figures=(f"in earnest, every {SLOT_S} seconds, {turns} turns seen: {_in_words(told)}",),
        faults=tuple(_faults(told, summaries=0, steady=0)),
    )


def _faults(told: Counter[NoticeKind], *, summaries: int, steady: int) -> Iterator[str]:
    turns = sum(told[kind] for kind in TURNS)
    if not 0 < turns <= MOST_TURNS_TOLD:
        yield f"{turns} turns were told; the goal is at most {MOST_TURNS_TOLD}"
    if not 1 <= told[NoticeKind.FLAPPING] <= 1 + summaries:
        yield f"{told[NoticeKind.FLAPPING]} messages say that it flaps"
    if told[NoticeKind.STEADY] != steady:
        yield f"{told[NoticeKind.STEADY]} messages say that it is steady again"
    if others := told.keys() - {*TURNS, NoticeKind.FLAPPING, NoticeKind.STEADY}:
        yield f"other messages were sent: {', '.join(sorted(others))}"


def _in_words(told: Counter[NoticeKind]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in sorted(told.items())) or "no message"
