"""The short form of `./dev faults`: a few kills, and every promise kept but those about speed."""

import pytest

from tests.faults.kills import KillPlan, KillRun

pytestmark = pytest.mark.timeout(180)

# Other tests run beside this one, so it asks for truth and not for haste.
PLAN = KillPlan(
    services=20,
    kills=3,
    alive_s=(5.0, 7.0),
    up_s=(6.0, 9.0),
    down_s=(7.0, 10.0),
    kept_within_s=3.0,
    asked_within_s=60.0,
    first_probe_within_s=60.0,
)


def test_kills_lose_no_incident_and_no_mail() -> None:
    report = KillRun(PLAN).go()

    assert report.faults == ()
    assert report.verdict.certain_outages > 0
