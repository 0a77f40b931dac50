"""R24: one probe in a hundred fails by chance. Nobody is told of chance, everybody of outages.

On virtual time, with the delays of the real thing: a slot and its two quick re-probes fail by
chance together in one of a million slots.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from allgreen.domain.identity import ServiceId
from allgreen.domain.incident import Incident
from allgreen.domain.status import Outcome
from allgreen.testing import NOON
from tests.faults.scenario import Report, Tell
from tests.faults.virtual import VirtualWorld

MINUTE = timedelta(minutes=1)
ALLOWED_PER_SLOT = 2 / (200 * 1_000)
"""False alarms that are allowed: ten times as many as chance brings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoisePlan:
    """How hard a run is.

    Attributes:
        noise: Share of the probes that fail by chance.
        outage_every: A service has an outage about so often.
        outage_for: So long it lasts.
    """

    services: int = 200
    slots: int = 1_000
    noise: float = 0.01
    outage_every: timedelta = timedelta(hours=8)
    outage_for: timedelta = timedelta(minutes=3)
    seed: int = 24


@dataclass(frozen=True, slots=True)
class Outage:
    """A true outage of one service."""

    begin: datetime
    end: datetime


def run(tell: Tell) -> Report:
    """Run 200 services over 1,000 slots."""
    return asyncio.run(hear_noise(NoisePlan(), tell))


def run_short(tell: Tell) -> Report:
    """Run 50 services over 200 slots."""
    return asyncio.run(hear_noise(NoisePlan(services=50, slots=200), tell))


async def hear_noise(plan: NoisePlan, tell: Tell) -> Report:
    """Run a plan and compare what was told with what was true."""
    dice = random.Random(plan.seed)
    outages: dict[ServiceId, Sequence[Outage]] = {}

    def answer(service_id: ServiceId, at: datetime) -> Outcome:
        is_down = any(one.begin <= at < one.end for one in outages.get(service_id, ()))
        return Outcome.FAIL if is_down or dice.random() < plan.noise else Outcome.OK

    world = VirtualWorld(answer)
    for service_id in await world.watch(plan.services):
        outages[service_id] = _plan_outages(plan, dice)
    for tenth in range(1, 11):
        await world.run_until(NOON + plan.slots * MINUTE * tenth / 10)
        tell(f"{tenth * 10} %: {world.probes} probes, {len(world.incidents)} incidents")
    return _report(plan, world, outages)


def _plan_outages(plan: NoisePlan, dice: random.Random) -> Sequence[Outage]:
    """Return outages that end well before the run does, an hour or more apart."""
    planned: list[Outage] = []
    begin = NOON + dice.random() * plan.outage_every
    while begin + 2 * plan.outage_for < NOON + plan.slots * MINUTE:
        planned.append(Outage(begin, begin + plan.outage_for))
        begin += timedelta(hours=1) + dice.random() * 2 * (plan.outage_every - timedelta(hours=1))
    return planned


def _report(
    plan: NoisePlan, world: VirtualWorld, outages: Mapping[ServiceId, Sequence[Outage]]
) -> Report:
    told: dict[ServiceId, list[Incident]] = defaultdict(list)
    for incident in world.incidents:
        told[incident.service_id].append(incident)
    false = sum(1 for each in world.incidents if not _is_true(each, outages[each.service_id]))
    missed = [
        (service_id, outage)
        for service_id, listed in outages.items()
        for outage in listed
        if not any(_is_of(incident, outage) for incident in told[service_id])
    ]
    allowed = max(1, ALLOWED_PER_SLOT * plan.services * plan.slots)
    expected = plan.noise**3 * plan.services * plan.slots
    true_outages = sum(map(len, outages.values()))

    def faults() -> Iterator[str]:
        if false > allowed:
            yield f"{false} alarms were false; {allowed:g} are allowed"
        for service_id, outage in missed:
            yield f"nobody was told of the outage of {service_id} from {outage.begin:%H:%M:%S}"

    return Report(
        figures=(
            f"services {plan.services}, slots {plan.slots}, seed {plan.seed}, on virtual time",
            f"probes {world.probes}, of which one in {1 / plan.noise:.0f} fails by chance",
            f"false alarms {false} (by chance {expected:.1f}, allowed {allowed:g})",
            f"true outages {true_outages}, told {true_outages - len(missed)}",
        ),
        faults=tuple(faults()),
    )


def _is_true(incident: Incident, outages: Sequence[Outage]) -> bool:
    return any(_is_of(incident, outage) for outage in outages)


def _is_of(incident: Incident, outage: Outage) -> bool:
    """Tell whether an incident is of an outage; chance may let it begin some probes before."""
    return outage.begin - MINUTE <= incident.outage_began_at < outage.end
