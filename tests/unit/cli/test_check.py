"""`allgreen check`: what it says, and how it ends."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from allgreen.cli import main
from allgreen.cli.exits import CheckExit
from allgreen.domain.status import LifeSign
from allgreen.health.clock import SYSTEM_CLOCK
from allgreen.health.heartbeat.file import (
    DatabaseState,
    Extras,
    Heartbeat,
    LifeState,
    extras_path,
)

CHECKS = """
from allgreen import check, expect, make_sure

print("loaded")

@check("Database is accessible", tags=["ready"])
def database():
    print("asked")

@check("Queue is short")
async def queue(): expect(38).to_be_less_than(500)
"""
FAILING = """
@check("Cache answers")
def cache(): expect(503).to_eq(200)
"""
DEGRADED = FAILING.replace('s")', 's", critical=False)')


class Said(NamedTuple):
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def first_line(self) -> str:
        """Return the line that says it all."""
        return self.out.partition("\n")[0]


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., Said]]:
    """Run the command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    before = list(sys.path)

    def run_it(*arguments: str) -> Said:
        try:
            code = main(["check", *arguments])
        except SystemExit as end:  # of argparse
            code = int(end.code or 0)
        return Said(code, *capsys.readouterr())

    yield run_it
    sys.path[:] = before


# The checks of a file -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "code", "first_line"),
    [
        (CHECKS, CheckExit.HEALTHY, "ok: Both checks pass."),
        (CHECKS + DEGRADED, CheckExit.HEALTHY, "degraded: One of three checks is degraded."),
        (CHECKS + FAILING, CheckExit.UNHEALTHY, "fail: One of three checks fails."),
        ("", CheckExit.UNKNOWN, "fail: No checks are registered."),
    ],
    ids=["healthy", "degraded", "unhealthy", "nothing"],
)
def test_the_checks_of_a_file_are_run(
    source: str, code: int, first_line: str, run: Callable[..., Said], tmp_path: Path
) -> None:
    (tmp_path / "allgood.py").write_text(source)

    said = run()

    assert (said.code, said.first_line) == (code, first_line)


def test_a_file_may_be_named(run: Callable[..., Said], tmp_path: Path) -> None:
    (tmp_path / "allgood.py").write_text(CHECKS + FAILING)
    (tmp_path / "mine.py").write_text(CHECKS)

    assert run("mine.py").code == CheckExit.HEALTHY
    assert run(str(tmp_path / "mine.py")).code == CheckExit.HEALTHY


def test_the_answer_alone_is_on_standard_output(run: Callable[..., Said], tmp_path: Path) -> None:
    (tmp_path / "allgood.py").write_text(CHECKS + FAILING)

    said = run("--format", "json")

    told = json.loads(said.out)
    assert told["status"] == "unhealthy"
    assert [each["name"] for each in told["checks"]] == ["database", "queue", "cache"]
    assert said.err == "loaded\nasked\n"


def test_the_file_imports_from_where_the_command_was_started(
    run: Callable[..., Said], tmp_path: Path
) -> None:
    (tmp_path / "shop_of_this_test.py").write_text("price = 1\n")
    (tmp_path / "config").mkdir()
    (tmp_path / "config/allgood.py").write_text(f"import shop_of_this_test\n{CHECKS}")

    assert run().code == CheckExit.HEALTHY
    sys.modules.pop("shop_of_this_test")


@pytest.mark.semantics(39)
def test_what_a_program_has_used_up_is_used_up_under_its_name(
    run: Callable[..., Said], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALLGREEN_STATE_DIR", str(tmp_path / "state"))
    counting = """
from pathlib import Path
from allgreen import check

@check("Backup can be restored", run="1 time per day")
def backup():
    log = Path("runs")
    log.write_text(log.read_text() + "x" if log.exists() else "x")
"""
    (tmp_path / "allgood.py").write_text(counting)

    first, again = run("--application", "orders"), run("--application", "orders")
    runs_of_orders = (tmp_path / "runs").read_text()
    other = run("--application", "payments")

    assert (first.code, again.code, other.code) == (CheckExit.HEALTHY,) * 3
    assert runs_of_orders == "x"
    assert (tmp_path / "runs").read_text() == "xx"


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["--only", "queue"], ["queue"]),
        (["--only", "queue", "--only", "database"], ["database", "queue"]),
        (["--tag", "ready"], ["database"]),
    ],
    ids=" ".join,
)
def test_some_of_them_may_be_run(
    arguments: list[str], names: list[str], run: Callable[..., Said], tmp_path: Path
) -> None:
    (tmp_path / "allgood.py").write_text(CHECKS + FAILING)

    said = run(*arguments, "--format", "json")

    assert said.code == CheckExit.HEALTHY
    assert [each["name"] for each in json.loads(said.out)["checks"]] == names


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--only", "qeue"], "--only: there is no check 'qeue'. Did you mean 'queue'?"),
        (["--only", "xyz"], "--only: there is no check 'xyz'."),
        (["--tag", "raedy"], "--tag: no check has the tag 'raedy'."),
        (["missing.py"], "missing.py. The checks were to be read from it: create it,"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_what_there_is_not_cannot_be_run(
    arguments: list[str], reason: str, run: Callable[..., Said], tmp_path: Path
) -> None:
    (tmp_path / "allgood.py").write_text(CHECKS)

    said = run(*arguments)

    assert said.code == CheckExit.UNKNOWN
    assert said.out == ""
    assert reason in said.err.splitlines()[-1]


@pytest.mark.semantics(42, "L12")
def test_a_broken_file_says_nothing_of_health(run: Callable[..., Said], tmp_path: Path) -> None:
    (tmp_path / "allgood.py").write_text("\ndef (:\n")

    said = run()
    as_json = run("--format", "json")

    assert said.code == as_json.code == CheckExit.UNKNOWN
    assert said.first_line == (
        f"unknown: {tmp_path}/allgood.py cannot be loaded at line 2: SyntaxError: invalid syntax."
    )
    assert said.err == ""
    told = json.loads(as_json.out)
    assert (told["status"], told["line"]) == ("unknown", 2)


def test_a_file_that_cannot_be_read_has_no_line(run: Callable[..., Said], tmp_path: Path) -> None:
    (tmp_path / "allgood.py").mkdir()

    assert "allgood.py cannot be loaded: It cannot be read: Is a directory." in run().out


def test_where_there_is_no_file_the_places_are_named(run: Callable[..., Said]) -> None:
    said = run()

    assert said.code == CheckExit.UNKNOWN
    assert "neither allgood.py, config/allgood.py, allgreen_config.py nor" in said.err


@pytest.mark.semantics(22)
def test_all_checks_together_have_a_time(run: Callable[..., Said], tmp_path: Path) -> None:
    (tmp_path / "allgood.py").write_text(
        "import threading\nfrom allgreen import check\n"
        "@check('x')\ndef x(): threading.Event().wait(30)\n"
    )

    said = run("--timeout", "0.1")

    assert said.code == CheckExit.UNHEALTHY
    assert "x: Had not ended after" in said.out


def test_a_terminal_without_the_letters_gets_escapes(
    run: Callable[..., Said], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "allgood.py").write_text(
        "from allgreen import check\n@check('x')\ndef x(): assert False, 'größer'\n",
        encoding="utf-8",
    )

    class Terminal:
        encoding = "ascii"
        said = ""

        def write(self, text: str) -> None:
            self.said += text

        def flush(self) -> None: ...

    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    run()

    assert "gr\\xf6\\xdfer" in terminal.said


# A heartbeat file ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "age_s", "arguments", "code", "said"),
    [
        (LifeSign.ONLINE, 12, [], CheckExit.HEALTHY, "ok: health.json says online, with the "),
        (LifeSign.DEGRADED, 12, [], CheckExit.UNHEALTHY, "fail: health.json says degraded, with"),
        (LifeSign.STARTING, 12, [], CheckExit.UNKNOWN, "unknown: health.json says starting, with"),
        (LifeSign.ONLINE, 70, [], CheckExit.HEALTHY, "ok: "),
        (LifeSign.ONLINE, 80, [], CheckExit.UNKNOWN, "unknown: health.json is 8"),
        (LifeSign.DEGRADED, 80, [], CheckExit.UNKNOWN, "unknown: health.json is 8"),
        (LifeSign.ONLINE, 80, ["--max-age", "90"], CheckExit.HEALTHY, "ok: "),
        (LifeSign.ONLINE, 12, ["--max-age", "5.5"], CheckExit.UNKNOWN, "and counts for 5.5 s; "),
        (LifeSign.ONLINE, -12, [], CheckExit.HEALTHY, "ok: "),
        (LifeSign.ONLINE, -3600, [], CheckExit.UNKNOWN, "s ahead of the clock"),
    ],
)
def test_a_heartbeat_is_judged_by_content_and_age(
    status: LifeSign,
    age_s: float,
    arguments: list[str],
    code: int,
    said: str,
    run: Callable[..., Said],
    tmp_path: Path,
) -> None:
    _write_heartbeat(tmp_path / "health.json", status, age_s)

    found = run("--file", "health.json", *arguments)

    assert found.code == code
    assert said in found.first_line


def test_a_heartbeat_is_told_to_scripts_too(run: Callable[..., Said], tmp_path: Path) -> None:
    _write_heartbeat(tmp_path / "health.json", LifeSign.ONLINE, 12)

    told = json.loads(run("--file", "health.json", "--format", "json").out)

    assert told["status"] == "healthy"
    assert 12 <= told["age_s"] < 60
    assert told["max_age_s"] == 75
    assert list(told["heartbeat"]) == [
        "status", "database", "app_version", "api_version", "timestamp",
    ]  # fmt: skip


@pytest.mark.parametrize(("valid_s", "code"), [(600, CheckExit.HEALTHY), (78, CheckExit.UNKNOWN)])
def test_the_file_beside_it_says_how_old_it_may_be(
    valid_s: float, code: int, run: Callable[..., Said], tmp_path: Path
) -> None:
    path = tmp_path / "health.json"
    at = _write_heartbeat(path, LifeSign.ONLINE, 300)
    _write_extras(path, at - 300, valid_s)

    assert run("--file", "health.json").code == code


def test_a_program_that_was_stopped_is_said_to_be(run: Callable[..., Said], tmp_path: Path) -> None:
    path = tmp_path / "health.json"
    at = _write_heartbeat(path, LifeSign.DEGRADED, 12)
    _write_extras(path, at, 78, state=LifeState.STOPPED)

    said = run("--file", "health.json")

    assert said.code == CheckExit.UNHEALTHY
    assert "says that the program was stopped at 20" in said.first_line


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read: No such file or directory."),
        ("", "is no heartbeat file: it is no JSON."),
        ('{"status": "online"}', "is no heartbeat file: it has no 'database'."),
    ],
    ids=["missing", "empty", "half"],
)
def test_what_cannot_be_read_says_nothing_of_health(
    content: str | None, said: str, run: Callable[..., Said], tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / "health.json").write_text(content)

    found = run("--file", "health.json")

    assert (found.code, found.out) == (CheckExit.UNKNOWN, f"unknown: health.json {said}\n")


# Usage --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ["--file", "a", "--url", "http://a"],
        ["a.py", "--file", "a"],
        ["--file", "a", "--only", "x"],
        ["--file", "a", "--timeout", "1"],
        ["--url", "http://a", "--application", "orders"],
        ["--url", "http://a", "--max-age", "1"],
        ["--url", "http://a", "--tag", "x"],
        ["--max-age", "1"],
        ["--file", "a", "--max-age", "0"],
        ["--file", "a", "--max-age", "soon"],
        ["--file", "a", "--max-age", "inf"],
        ["--format", "xml"],
        ["--url", "ftp://a"],
        ["--url", "http://name:secret@a"],
    ],
    ids=" ".join,
)
def test_a_wrong_use_ends_with_two(arguments: list[str], run: Callable[..., Said]) -> None:
    said = run(*arguments)

    assert said.code == CheckExit.UNKNOWN
    assert said.out == ""
    assert "secret" not in said.err


def test_help_says_how_it_ends(run: Callable[..., Said]) -> None:
    said = run("--help")

    assert said.code == 0
    assert "with 2 when nobody can say" in " ".join(said.out.split())


def _write_heartbeat(path: Path, status: LifeSign, age_s: float) -> float:
    at = SYSTEM_CLOCK.wall() - age_s
    told = Heartbeat(status=status, database=DatabaseState.CONNECTED, at=at, app_version="0.1.0")
    path.write_bytes(told.render())
    return at


def _write_extras(path: Path, at: float, valid_s: float, **options: Any) -> None:
    told = Extras(
        **{"state": LifeState.RUNNING, **options},
        seq=1,
        pid=1,
        boot_id="",
        written_at=at,
        valid_until=at + valid_s,
    )
    extras_path(path).write_bytes(told.render())
