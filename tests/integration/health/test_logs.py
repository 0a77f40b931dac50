"""What servers really log of probes, with the filter in between."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.health.mounts import TOKEN
from tests.integration.health.test_mounts import GUNICORN, MOUNTS, OWN
from tests.programs import Program

UVICORN = ("-m", "uvicorn", "--port", "{port}", "--factory", f"{MOUNTS}:make_quiet_asgi")
COMMANDS = {
    "uvicorn": UVICORN,
    "uvicorn in Python": (*UVICORN, "--http", "h11"),
    "gunicorn": (*GUNICORN, "--access-logfile", "-", f"{MOUNTS}:make_quiet_wsgi()"),
    "gunicorn with its own format": (
        *(*GUNICORN, "--access-logfile", "-", f"{MOUNTS}:make_quiet_wsgi()"),
        *("--access-logformat", "%(m)s %(U)s %(q)s %(s)s %(nothing)s %({accept}i)s"),
    ),
    "werkzeug": (*OWN, "werkzeug", "make_quiet_wsgi", "{port}"),
    "django": (*OWN, "django", "make_quiet_django", "{port}"),
}


@pytest.mark.semantics(57, 59)
@pytest.mark.parametrize("server", COMMANDS)
def test_probes_are_not_logged_and_failures_are(server: str, tmp_path: Path) -> None:
    with Program(COMMANDS[server], tmp_path / "log") as program:
        for target in ("/livez", "/livez?probe=1", "/startupz", "/healthcheck/metrics"):
            assert program.get(target).status == 200
        assert program.get(f"/readyz?token={TOKEN}&format=json").status == 503
        assert program.get("/hello?after=all").status == 200

    log = (tmp_path / "log").read_text()
    assert "/hello" in log
    assert "after=all" in log
    assert "/readyz" in log
    assert "token=***" in log
    for hidden in ("/livez", "/startupz", "/healthcheck/metrics", TOKEN):
        assert hidden not in log
