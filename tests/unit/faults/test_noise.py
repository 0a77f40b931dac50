"""The short form of R24: chance alone raises no alarm, and no outage drowns in it."""

from __future__ import annotations

from tests.faults.noise import NoisePlan, hear_noise


async def test_noise_raises_no_alarm_and_hides_no_outage() -> None:
    plan = NoisePlan(services=50, slots=120)

    report = await hear_noise(plan, tell=lambda _: None)

    assert report.faults == ()
    assert "told 0" not in report.figures[-1]


async def test_a_judge_of_noise_hears_false_alarms() -> None:
    plan = NoisePlan(services=20, slots=30, noise=0.5)

    report = await hear_noise(plan, tell=lambda _: None)

    assert "alarms were false" in report.faults[0]
