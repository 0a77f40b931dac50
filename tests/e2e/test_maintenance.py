"""A maintenance window as people live it: silence while it runs, and news when it is ended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.faults.stage import wait_until
from tests.mail import SmtpSink
from tests.platform import Person, Platform
from tests.target import Target

pytestmark = pytest.mark.timeout(180)

SOON_S = 60.0
# Quick re-probes come after a quarter of a second and three quarters, not after 5 s and 15 s.
DELAY_SCALE = "0.05"


@pytest.fixture
def target() -> Iterator[Target]:
    server = Target().start()
    yield server
    server.stop()


@pytest.fixture
def person(tmp_path: Path, smtp_sink: SmtpSink, target: Target) -> Iterator[Person]:
    settings = {
        "ALLGREEN_SMTP_URL": f"smtp://{smtp_sink.host}:{smtp_sink.port}",
        "ALLGREEN_ALLOW_TARGETS": f"127.0.0.1:{target.port}",
        "ALLGREEN_MIN_INTERVAL_S": "1",
        "ALLGREEN_BACKOFF_SCALE": DELAY_SCALE,
    }
    running = Platform(tmp_path / "data", settings).start()
    yield Person(running).set_up()
    assert running.stop() == 0


def plan_from_now(person: Person) -> dict[str, Any]:
    """Plan a window of an hour that runs already."""
    begin = datetime.now(UTC) - timedelta(minutes=1)
    window: dict[str, Any] = person.post(
        f"/workspaces/{person.workspace_id}/maintenance-windows",
        name="Move of the database",
        zone="UTC",
        first=f"{begin:%Y-%m-%d}",
        at=f"{begin:%H:%M}",
        duration_minutes=60,
    )
    return window


def test_outage_in_a_window_is_told_once_the_window_is_ended(
    person: Person, target: Target, smtp_sink: SmtpSink
) -> None:
    # An hour apart: only the end of the window can be why it is asked again.
    service = person.watch("Orders API", target.url, every_s=3600, confirm_down=1)
    path = f"/services/{service['id']}"
    assert wait_until(lambda: person.get(path)["health"] == "up", within_s=SOON_S)
    window = plan_from_now(person)
    target.stop()
    person.post(f"{path}/check")
    assert wait_until(lambda: person.get(path)["health"] == "down", within_s=SOON_S)
    inside, silent = person.get(path), smtp_sink.mails

    ended = person.post(f"/workspaces/{person.workspace_id}/maintenance-windows/{window['id']}/end")

    (down,) = smtp_sink.wait_for_mails(1, within_s=SOON_S)
    (incident,) = person.get(f"{path}/incidents")["items"]
    assert (inside["shown"], silent) == ("maintenance", [])
    assert ended["state"] == "over"
    assert "down" in str(down.message["Subject"])
    assert person.get(path)["shown"] == "down"
    assert incident["began_at"] > inside["last_result"]["finished_at"]
    assert person.get(path)["uptime"]["h24"] is not None
