"""Facts travel through a JSON column and through upgrades."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from allgreen.domain.facts import Facts

BEGAN = datetime(2026, 4, 17, 23, 18, 4, 500_000, tzinfo=UTC)
FACTS = Facts(
    service_name="Payments webhook",
    workspace_name="Nordlys Commerce",
    reason="503 instead of 202",
    began_at=BEGAN,
    duration_s=252.5,
    told_others=2,
    late=True,
)


def test_facts_survive_a_json_column() -> None:
    stored = json.loads(json.dumps(FACTS.to_json()))

    assert Facts.from_json(stored) == FACTS


def test_facts_of_another_release_are_read() -> None:
    stored = {"service_name": "Payments webhook", "mood": "added by a newer release"}

    assert Facts.from_json(stored) == Facts(service_name="Payments webhook")


@pytest.mark.parametrize(
    ("seconds", "duration"),
    [(None, None), (0.0, timedelta(0)), (252.5, timedelta(minutes=4, seconds=12.5))],
    ids=["still down", "at once", "minutes"],
)
def test_duration_is_exact(seconds: float | None, duration: timedelta | None) -> None:
    assert replace(FACTS, duration_s=seconds).duration == duration
