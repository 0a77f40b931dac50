"""``allgreen serve`` as a process: what stands in its way is one line and an exit code."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.platform import Platform


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Platform]:
    platform = Platform(data_dir=tmp_path / "data").start()
    yield platform
    if platform.process is not None and platform.process.poll() is None:
        platform.kill()


def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "allgreen", *arguments],
        env=settings,
        capture_output=True,
        text=True,
        timeout=55,
        check=False,
    )


def one_line(ended: subprocess.CompletedProcess[str]) -> str:
    """Return what stopped a command; nothing else but logs may stand beside it."""
    lines = [line for line in ended.stderr.splitlines() if not line.startswith("{")]
    assert len(lines) == 1, ended.stderr
    return lines[0]


def test_it_tells_where_it_answers_and_how_to_begin(served: Platform) -> None:
    assert served.process is not None
    assert served.ready == {
        "pid": served.process.pid,
        "address": served.address,
        "ready": True,
    }
    assert served.setup_link.startswith(f"{served.address}/setup#token=")


def test_sigterm_ends_it_in_order(served: Platform) -> None:
    began = time.monotonic()

    code = served.stop()

    assert code == 0
    assert time.monotonic() - began < 12


def test_a_second_process_on_the_same_data_is_refused(served: Platform) -> None:
    ended = run("serve", "--port", "0", ALLGREEN_DATA_DIR=str(served.data_dir))

    assert ended.returncode == 3
    assert str(served.data_dir) in one_line(ended)


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        ended = run("serve", "--port", str(port), ALLGREEN_DATA_DIR=str(tmp_path))

    assert ended.returncode == 4
    assert one_line(ended) == (
        f"allgreen: Something else listens at 127.0.0.1:{port}. Stop it, or choose another --port."
    )


def test_a_file_that_is_no_database_is_named_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "allgreen.db"
    file.write_bytes(b"not a database" * 1000)

    ended = run("serve", "--port", "0", ALLGREEN_DATA_DIR=str(tmp_path))

    assert ended.returncode == 3
    assert str(file) in one_line(ended)
    assert file.read_bytes() == b"not a database" * 1000


def test_a_setting_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    ended = run("serve", ALLGREEN_DATA_DIR=str(tmp_path), ALLGREEN_HOST="no such host")

    assert ended.returncode == 2
    assert one_line(ended) == (
        "allgreen: ALLGREEN_HOST: no such host is no address of this machine"
    )


def test_migrate_makes_the_schema_and_says_what_it_did(tmp_path: Path) -> None:
    first = run("migrate", ALLGREEN_DATA_DIR=str(tmp_path))
    second = run("migrate", ALLGREEN_DATA_DIR=str(tmp_path))

    assert (first.returncode, second.returncode) == (0, 0)
    assert first.stdout.startswith("Applied ")
    assert second.stdout == "The database is up to date.\n"


def test_a_missing_mail_server_is_one_warning(served: Platform) -> None:
    entries = [json.loads(line) for line in served.log.splitlines()]

    warnings = [entry["message"] for entry in entries if entry["level"] == "warning"]
    assert len([text for text in warnings if "ALLGREEN_SMTP_URL" in text]) == 1
    assert len([text for text in warnings if "ALLGREEN_CANARIES" in text]) == 1
    assert len(warnings) == 2


def test_help_of_a_command_ends_well() -> None:
    assert run("serve", "--help").returncode == 0


def test_a_wrong_option_ends_with_two() -> None:
    assert run("serve", "--unknown").returncode == 2
