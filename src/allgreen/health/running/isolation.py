"""Isolation: whatever a check does, one result comes of it."""

from __future__ import annotations

import linecache
import threading
import traceback
from asyncio import CancelledError
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Final

from allgreen.domain.report import NO_METADATA, Ending, Evidence
from allgreen.domain.status import CheckVerdict, ComponentStatus, HealthStatus
from allgreen.errors import ConfigBrokenError, ExpectationFailedError
from allgreen.health.redaction import redact, redact_value

_OURS: Final = str(Path(__file__).parents[1])
_STATUS_KEYS: Final = ("status", "message", "metadata")
_MOST_OF_A_TRACEBACK: Final = 16_000
_MOST_IN_GROUP: Final = 3
_DEEPEST_GROUP: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a check said, before it is known what that means for the whole.

    Attributes:
        status: What the check itself called its status; `None` when its verdict says it.
    """

    verdict: CheckVerdict
    message: str = ""
    ending: Ending = Ending.ANSWERED
    status: HealthStatus | None = None
    metadata: Mapping[str, Any] = field(default_factory=lambda: NO_METADATA)
    evidence: Evidence | None = None


PASSED: Final = Answer(verdict=CheckVerdict.PASSED)
UNREADABLE: Final = Answer(
    verdict=CheckVerdict.ERROR,
    message="Raised or returned something that cannot be described",
    ending=Ending.RAISED,
)


def read_value(value: object) -> Answer:
    """Return what a value means that a check returned."""
    if value is None or value is True:
        return PASSED
    if value is False:
        return Answer(verdict=CheckVerdict.FAILED, message="returned False")
    if isinstance(value, ComponentStatus):
        return _answer(value.status, value.message, value.metadata)
    if isinstance(value, HealthStatus | CheckVerdict):
        return _answer(value, "", NO_METADATA)
    if isinstance(value, tuple):
        return _read_tuple(value)
    if isinstance(value, Mapping):
        return _read_mapping(value)
    return _no_answer(f"returned {_type_name(value)}, which says neither yes nor no")


def read_exception(error: BaseException, *, keep_traceback: bool = False) -> Answer:
    """Return what an exception means that a check raised.

    Args:
        error: What was raised; also what ends threads and programs elsewhere.
        keep_traceback: Keep all of it; else only the line that failed.
    """
    if isinstance(error, ConfigBrokenError):
        return _read_broken_config(error, keep_traceback=keep_traceback)
    where = _where(error.__traceback__)
    text = _traceback(error) if keep_traceback else None
    if isinstance(error, ExpectationFailedError):
        evidence = Evidence(
            expected=redact(error.expected) if error.expected is not None else None,
            actual=redact(error.actual) if error.actual is not None else None,
            where=where,
            traceback=text,
        )
        return Answer(verdict=CheckVerdict.FAILED, message=redact(error.message), evidence=evidence)
    evidence = Evidence(where=where, traceback=text)
    if isinstance(error, AssertionError):
        message = _text_of(error) or _source_line(error.__traceback__) or "An assertion failed"
        return Answer(verdict=CheckVerdict.FAILED, message=redact(message), evidence=evidence)
    return Answer(
        verdict=CheckVerdict.ERROR,
        message=redact(_described(error)),
        ending=Ending.RAISED,
        evidence=evidence,
    )


def is_of_user(error: BaseException) -> bool:
    """Tell whether somebody stops the program: only its main thread is told."""
    is_main = threading.current_thread() is threading.main_thread()
    return is_main and isinstance(error, KeyboardInterrupt)


def read_failed_condition(raised: Answer) -> Answer:
    """Return what it means that a condition raised: nobody knows whether the check should run."""
    return replace(
        raised,
        verdict=CheckVerdict.FAILED,
        ending=Ending.MISCONFIGURED,
        message=f"Its condition cannot be evaluated: {raised.message}",
    )


def _read_broken_config(error: ConfigBrokenError, *, keep_traceback: bool) -> Answer:
    """Return what the check says that stands for a broken file: the file is at fault, not it."""
    where = None
    if error.line is not None:
        source = linecache.getline(error.file, error.line).strip()
        where = f"{_short(error.file)}:{error.line}" + (f"\n    {source}" if source else "")
    return Answer(
        verdict=CheckVerdict.ERROR,
        message=redact(str(error)),
        ending=Ending.MISCONFIGURED,
        evidence=Evidence(
            where=redact(where) if where else None,
            traceback=_shortened(error.details) if keep_traceback else None,
        ),
    )


def _read_tuple(value: tuple[Any, ...]) -> Answer:
    if not 1 <= len(value) <= len(_STATUS_KEYS):
        return _no_answer(f"returned a tuple of {len(value)}; (status, message) is understood")
    return _read_mapping(dict(zip(_STATUS_KEYS, value, strict=False)))


def _read_mapping(value: Mapping[Any, Any]) -> Answer:
    if "status" not in value:
        return _no_answer("returned a dictionary without 'status'")
    rest = {key: one for key, one in value.items() if key not in _STATUS_KEYS}
    metadata = value.get("metadata") or {}
    if not isinstance(metadata, Mapping):
        return _no_answer(f"returned metadata that is {_type_name(metadata)}, and no dictionary")
    message = value.get("message")
    return _answer(value["status"], "" if message is None else message, {**rest, **metadata})


def _answer(status: object, message: object, metadata: Mapping[str, Any]) -> Answer:
    known = _read_status(status)
    if known is None:
        return _no_answer(f"returned the status {_safe(status)}, which is none")
    verdict = known if isinstance(known, CheckVerdict) else CheckVerdict.of(known)
    return Answer(
        verdict=verdict,
        message=redact(message if isinstance(message, str) else _safe(message)) if message else "",
        status=known if isinstance(known, HealthStatus) else None,
        metadata=redact_value(metadata) if metadata else NO_METADATA,
    )


def _read_status(status: object) -> HealthStatus | CheckVerdict | None:
    if isinstance(status, HealthStatus | CheckVerdict):
        return status
    if isinstance(status, bool):
        return CheckVerdict.PASSED if status else CheckVerdict.FAILED
    if isinstance(status, str):
        return _STATUS_WORDS.get(status.strip().lower())
    return None


_STATUS_WORDS: Final[Mapping[str, HealthStatus | CheckVerdict]] = {
    **{str(one): one for one in CheckVerdict},
    **{str(one): one for one in HealthStatus},
}


def _no_answer(what: str) -> Answer:
    return Answer(verdict=CheckVerdict.ERROR, message=f"The check {redact(what)}.")


def _described(error: BaseException, depth: int = _DEEPEST_GROUP) -> str:
    """Return type and text of an exception, and of those in it when it is a group."""
    text = _text_of(error)
    whole = f"{_type_name(error)}: {text}" if text else _type_name(error)
    if isinstance(error, BaseExceptionGroup) and depth:
        inside = "; ".join(_described(one, depth - 1) for one in error.exceptions[:_MOST_IN_GROUP])
        more = len(error.exceptions) - _MOST_IN_GROUP
        return f"{whole}: {inside}" + (f"; and {more} more" if more > 0 else "")
    if isinstance(error, CancelledError):
        return f"{whole}: the check cancelled itself" if not text else whole
    return whole


def _text_of(error: BaseException) -> str:
    try:
        return str(error)
    except BaseException as problem:  # noqa: BLE001 - whatever __str__ does is the check's affair
        return f"(its text cannot be read: {_type_name(problem)})"


def _safe(value: object) -> str:
    try:
        return repr(value)
    except BaseException as problem:  # noqa: BLE001 - whatever __repr__ does is the check's affair
        return f"<{_type_name(value)}: its repr raised {_type_name(problem)}>"


def _type_name(value: object) -> str:
    kind = type(value)
    return (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}"
    )


def _traceback(error: BaseException) -> str | None:
    try:
        lines = traceback.format_exception(error, limit=-30)
    except BaseException:  # noqa: BLE001 - it prints what the check raised
        return None
    return _shortened("".join(lines))


def _shortened(text: str) -> str | None:
    return redact(text, limit=_MOST_OF_A_TRACEBACK) or None


def _where(trace: TracebackType | None) -> str | None:
    found = _failing_frame(trace)
    if found is None:
        return None
    frame, line = found
    source = _line_of(frame, line)
    place = f"{_short(frame.f_code.co_filename)}:{line}  in {frame.f_code.co_name}"
    return redact(f"{place}\n    {source}" if source else place)


def _source_line(trace: TracebackType | None) -> str:
    found = _failing_frame(trace)
    return _line_of(*found) if found else ""


def _failing_frame(trace: TracebackType | None) -> tuple[FrameType, int] | None:
    """Return the innermost line that is not ours."""
    found = None
    while trace is not None:
        frame = trace.tb_frame
        if not frame.f_code.co_filename.startswith(_OURS) and trace.tb_lineno is not None:
            found = (frame, trace.tb_lineno)
        trace = trace.tb_next
    return found


def _line_of(frame: FrameType, line: int) -> str:
    return linecache.getline(frame.f_code.co_filename, line, frame.f_globals).strip()


def _short(file: str) -> str:
    path = Path(file)
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(Path(*path.parts[-2:]))
