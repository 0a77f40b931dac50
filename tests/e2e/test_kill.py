"""The short form of R1: a few kills, and every promise kept but those about speed."""

import pytest

from tests.faults.kills import KillPlan, KillRun

pytestmark = pytest.mark.timeout(240)

# Other tests run beside this one, so it asks for truth and not for haste. Nobody hears so much
# that it is gathered.
PLAN = KillPlan(
    services=20,
    kills=5,
    alive_s=(5.0, 7.0),
    starts_killed=0.0,
    long_lives=0,
    up_s=(10.0, 20.0),
    down_s=(10.0, 16.0),
    kept_within_s=3.0,
    asked_within_s=60.0,
    is_timed=False,
)


def test_kills_lose_no_incident_and_no_mail() -> None:
    run = KillRun(PLAN)

    report = run.go()

    assert report.faults == ()
    assert run.verdict is not None
    assert run.verdict.certain_outages > 0
