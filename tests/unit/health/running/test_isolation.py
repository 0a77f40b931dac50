"""Whatever a check returns or raises, one answer comes of it, and nobody is harmed by reading it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from allgreen.domain.report import Ending
from allgreen.domain.status import CheckVerdict, ComponentStatus, HealthStatus
from allgreen.errors import ConfigBrokenError, ExpectationFailedError
from allgreen.health.expectation import expect
from allgreen.health.running.isolation import (
    Answer,
    read_exception,
    read_failed_condition,
    read_value,
)

PASSED, FAILED, ERROR, SKIPPED = CheckVerdict
SECRET = "hunter2"


def raised_by(function: Callable[[], Any]) -> BaseException:
    try:
        function()
    except BaseException as error:  # noqa: BLE001 - that is what is tested
        return error
    raise AssertionError("it raised nothing")


def raising(error: BaseException) -> Callable[[], None]:
    def check() -> None:
        raise error

    return check


def read_raised(error: BaseException, *, keep_traceback: bool = False) -> Answer:
    return read_exception(raised_by(raising(error)), keep_traceback=keep_traceback)


# What is returned ---------------------------------------------------------------------------------


@pytest.mark.semantics(1)
@pytest.mark.parametrize("value", [None, True])
def test_nothing_and_true_pass(value: object) -> None:
    assert read_value(value) == Answer(verdict=PASSED)


@pytest.mark.semantics(1)
def test_false_fails_and_says_so() -> None:
    assert read_value(False) == Answer(verdict=FAILED, message="returned False")


@pytest.mark.semantics(1, 8)
@pytest.mark.parametrize(
    ("value", "verdict", "status"),
    [
        (HealthStatus.HEALTHY, PASSED, HealthStatus.HEALTHY),
        (HealthStatus.DEGRADED, FAILED, HealthStatus.DEGRADED),
        (HealthStatus.UNHEALTHY, FAILED, HealthStatus.UNHEALTHY),
        (CheckVerdict.SKIPPED, SKIPPED, None),
        (CheckVerdict.ERROR, ERROR, None),
        (("degraded",), FAILED, HealthStatus.DEGRADED),
        ((False, "no"), FAILED, None),
        ((True, "yes", {"a": 1}), PASSED, None),
        ({"status": " Healthy "}, PASSED, HealthStatus.HEALTHY),
        ({"status": "failed", "message": "no"}, FAILED, None),
        (ComponentStatus("a", HealthStatus.DEGRADED), FAILED, HealthStatus.DEGRADED),
    ],
)
def test_a_status_is_honoured_however_it_is_said(
    value: object, verdict: CheckVerdict, status: HealthStatus | None
) -> None:
    answer = read_value(value)

    assert (answer.verdict, answer.status, answer.ending) == (verdict, status, Ending.ANSWERED)


@pytest.mark.semantics(1)
def test_what_is_said_beside_a_status_is_kept() -> None:
    answer = read_value({"status": "healthy", "message": 5, "rows": 3, "metadata": {"lag": 1.5}})

    assert (answer.message, answer.metadata) == ("5", {"rows": 3, "lag": 1.5})


def test_no_message_is_an_empty_one() -> None:
    assert read_value((True, None)).message == ""


@pytest.mark.semantics(1)
@pytest.mark.parametrize(
    ("value", "named"),
    [
        (0, "int"),
        ("ok", "str"),
        ([], "list"),
        (Decimal(1), "decimal.Decimal"),
        (iter(()), "tuple_iterator"),
        (object, "type"),
        ((), "tuple of 0"),
        ((1, 2, 3, 4), "tuple of 4"),
        ({}, "without 'status'"),
        ({"status": "fine"}, "'fine'"),
        ({"status": 1}, "1"),
        ({"status": None}, "None"),
        ({"status": True, "metadata": [1]}, "list"),
    ],
)
def test_anything_else_is_an_error_that_names_it(value: object, named: str) -> None:
    answer = read_value(value)

    assert answer.verdict is ERROR
    assert named in answer.message


class ReprRaises:
    def __repr__(self) -> str:
        raise SystemExit("from a repr")


@pytest.mark.semantics(15, 16)
def test_a_status_whose_repr_raises_is_an_error_like_others() -> None:
    answer = read_value({"status": ReprRaises()})

    assert answer.verdict is ERROR
    assert "its repr raised SystemExit" in answer.message


@pytest.mark.semantics(57, "L11")
def test_what_is_returned_holds_no_secret() -> None:
    address = f"postgres://admin:{SECRET}@db/orders"
    answer = read_value((False, address, {"dsn": address, "password": SECRET, "in": [address]}))

    assert SECRET not in repr(answer)
    assert "postgres://admin:***@db" in answer.message


# What is raised -----------------------------------------------------------------------------------


@pytest.mark.semantics(10)
def test_an_exception_is_an_error_with_type_and_message() -> None:
    answer = read_raised(ZeroDivisionError("by zero"))

    assert (answer.verdict, answer.ending) == (ERROR, Ending.RAISED)
    assert answer.message == "ZeroDivisionError: by zero"


def test_an_exception_without_a_message_is_its_type() -> None:
    assert read_raised(asyncio.QueueEmpty()).message == "asyncio.queues.QueueEmpty"


@pytest.mark.semantics(10)
def test_the_line_that_failed_is_the_innermost_one_that_is_not_ours() -> None:
    answer = read_exception(raised_by(lambda: expect(1).to_eq(2)))

    assert answer.evidence is not None
    assert answer.evidence.where is not None
    place, source = answer.evidence.where.splitlines()
    assert place.startswith("tests/unit/health/running/test_isolation.py:")
    assert source.strip().endswith("expect(1).to_eq(2)))")


def test_a_file_elsewhere_is_named_with_its_folder(tmp_path: Path) -> None:
    code = compile("1 / 0", str(tmp_path / "far" / "away.py"), "exec")
    answer = read_exception(raised_by(lambda: exec(code, {})))

    assert answer.evidence is not None
    assert answer.evidence.where == "far/away.py:1  in <module>"


def test_what_was_never_raised_has_no_line() -> None:
    answer = read_exception(ValueError("made, and kept"))

    assert answer.evidence is not None
    assert answer.evidence.where is None


@pytest.mark.semantics(7)
def test_an_assertion_has_failed_with_its_text() -> None:
    answer = read_raised(AssertionError("the queue is full"))

    assert (answer.verdict, answer.ending) == (FAILED, Ending.ANSWERED)
    assert answer.message == "the queue is full"


@pytest.mark.semantics(7)
def test_an_assertion_without_a_text_has_its_line() -> None:
    def check() -> None:
        raise AssertionError

    assert read_exception(raised_by(check)).message == "raise AssertionError"


def test_an_assertion_that_was_never_raised_has_a_sentence() -> None:
    assert read_exception(AssertionError()).message == "An assertion failed"


def test_an_expectation_has_what_was_asked_and_found() -> None:
    error = ExpectationFailedError("3 is too many", expected="at most 2", actual="3")

    answer = read_raised(error)

    assert (answer.verdict, answer.message) == (FAILED, "3 is too many")
    assert answer.evidence is not None
    assert (answer.evidence.expected, answer.evidence.actual) == ("at most 2", "3")


def test_an_expectation_may_compare_nothing() -> None:
    answer = read_raised(ExpectationFailedError("no"))

    assert answer.evidence is not None
    assert (answer.evidence.expected, answer.evidence.actual) == (None, None)


@pytest.mark.semantics(14)
def test_a_timeout_of_the_check_is_its_own_failure() -> None:
    answer = read_raised(TimeoutError("5 s"))  # those of asyncio and of sockets are the same

    assert (answer.verdict, answer.ending) == (ERROR, Ending.RAISED)
    assert answer.message == "TimeoutError: 5 s"


@pytest.mark.semantics(11, "L5")
@pytest.mark.parametrize(
    ("error", "text"),
    [
        (SystemExit(3), "SystemExit: 3"),
        (GeneratorExit(), "GeneratorExit"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (MemoryError("none left"), "MemoryError: none left"),
        (asyncio.CancelledError(), "the check cancelled itself"),
        (asyncio.CancelledError("stop"), "CancelledError: stop"),
    ],
)
def test_what_ends_a_program_elsewhere_is_an_error_here(error: BaseException, text: str) -> None:
    answer = read_raised(error)

    assert answer.verdict is ERROR
    assert text in answer.message


@pytest.mark.semantics(15, "L5")
def test_a_recursion_error_can_be_read() -> None:
    def check() -> None:
        check()

    answer = read_exception(raised_by(check), keep_traceback=True)

    assert answer.message.startswith("RecursionError: maximum recursion depth exceeded")


class StrFailsError(Exception):
    def __str__(self) -> str:
        raise SystemExit("from a text")


@pytest.mark.semantics(15, "L5")
@pytest.mark.parametrize(
    "base", [StrFailsError, type("Failing", (StrFailsError, AssertionError), {})]
)
def test_a_text_that_raises_is_named_instead(base: type[Exception]) -> None:
    answer = read_raised(base(), keep_traceback=True)

    assert "its text cannot be read: SystemExit" in answer.message


@pytest.mark.semantics(15, "L5")
def test_a_message_of_ten_megabytes_is_cut() -> None:
    answer = read_raised(ValueError("x" * 10_000_000), keep_traceback=True)

    assert len(answer.message) <= 2000
    assert "10,000,012 characters" in answer.message
    assert answer.evidence is not None
    assert len(answer.evidence.traceback or "") <= 16_000


@pytest.mark.semantics(15, "L5")
def test_surrogates_and_commands_are_made_plain() -> None:
    message = read_raised(ValueError("a\ud800b\x1b[31mc\u202ed")).message

    message.encode()
    assert "\x1b" not in message
    assert "\u202e" not in message


@pytest.mark.semantics(15, "L5")
def test_a_group_says_what_is_in_it() -> None:
    group = ExceptionGroup("both", [ValueError("one"), KeyError("two")])

    assert read_raised(group).message == (
        "ExceptionGroup: both (2 sub-exceptions): ValueError: one; KeyError: 'two'"
    )


@pytest.mark.semantics(15)
def test_a_group_of_many_says_how_many_more_there_are() -> None:
    group = BaseExceptionGroup("all", [SystemExit(number) for number in range(5)])

    assert read_raised(group).message.endswith("SystemExit: 2; and 2 more")


@pytest.mark.semantics(15)
def test_groups_in_groups_are_not_followed_for_ever() -> None:
    error: Exception = ValueError("inside")
    for _ in range(5000):
        error = ExceptionGroup("in", [error, error, error])

    assert read_raised(error).message.startswith("ExceptionGroup: in")


@pytest.mark.semantics(57, "L11")
def test_what_is_raised_holds_no_secret() -> None:
    error = ConnectionError(f"postgres://admin:{SECRET}@db password={SECRET}")
    answer = read_raised(error, keep_traceback=True)

    assert answer.evidence is not None
    assert answer.evidence.traceback is not None
    assert SECRET not in repr(answer)


@pytest.mark.semantics(57, "L11")
def test_the_line_that_failed_holds_no_secret() -> None:
    def check() -> None:
        raise OSError("password=hunter2")

    answer = read_exception(raised_by(check))

    assert answer.evidence is not None
    assert "raise OSError" in (answer.evidence.where or "")
    assert SECRET not in repr(answer)


@pytest.mark.semantics(57)
def test_no_traceback_is_kept_unless_it_is_wanted() -> None:
    answer = read_raised(ValueError("no"))

    assert answer.evidence is not None
    assert answer.evidence.traceback is None


@pytest.mark.semantics(15)
def test_a_traceback_that_cannot_be_written_is_none() -> None:
    class LinesFailError(Exception):
        @property
        def __notes__(self) -> Any:  # type: ignore[override]  # it is to fail
            raise SystemExit

    answer = read_raised(LinesFailError("no"), keep_traceback=True)

    assert answer.evidence is not None
    assert answer.evidence.traceback is None


def test_a_folder_that_is_gone_does_not_keep_an_error_from_being_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()

    assert read_raised(ValueError("no")).message == "ValueError: no"


# What is raised elsewhere -------------------------------------------------------------------------


@pytest.mark.semantics(42)
def test_a_broken_file_is_misconfigured_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "allgreen_config.py"
    file.write_text("x = 1\ny =\n")
    error = ConfigBrokenError(str(file), 2, "invalid syntax", "", "password=hunter2")

    answer = read_exception(error, keep_traceback=True)

    assert (answer.verdict, answer.ending) == (ERROR, Ending.MISCONFIGURED)
    assert answer.evidence is not None
    assert (answer.evidence.where or "").splitlines()[1].strip() == "y ="
    assert answer.evidence.traceback == "password=***"


@pytest.mark.semantics(42)
def test_a_broken_file_may_have_no_line(tmp_path: Path) -> None:
    error = ConfigBrokenError(str(tmp_path / "file.py"), None, "cannot be read")

    answer = read_exception(error)

    assert answer.evidence is not None
    assert (answer.evidence.where, answer.evidence.traceback) == (None, None)


def test_a_line_that_cannot_be_read_is_named_without_its_text(tmp_path: Path) -> None:
    error = ConfigBrokenError(str(tmp_path / "gone.py"), 7, "no")

    where = getattr(read_exception(error).evidence, "where", None)

    assert where is not None
    assert where.endswith("gone.py:7")


@pytest.mark.semantics("L12")
def test_a_condition_that_raises_has_failed() -> None:
    answer = read_failed_condition(read_raised(ValueError("no flag")))

    assert (answer.verdict, answer.ending) == (FAILED, Ending.MISCONFIGURED)
    assert answer.message == "Its condition cannot be evaluated: ValueError: no flag"


def test_nothing_is_left_in_the_exception_that_was_handled() -> None:
    read_raised(ValueError("no"))

    assert sys.exc_info() == (None, None, None)
