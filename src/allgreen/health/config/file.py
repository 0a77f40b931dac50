"""One run of the file in which the checks of a program are written."""

from __future__ import annotations

import linecache
import sys
import threading
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, ModuleType, TracebackType
from typing import Final

from allgreen.health.check import Check
from allgreen.health.redaction import redact
from allgreen.health.registry import collecting

_MOST_OF_A_TRACEBACK: Final = 16_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigProblem:
    """Why the file could not be loaded.

    Attributes:
        line: Where it failed, from 1; `None` when no line is at fault.
        message: What is wrong there, with secrets removed.
        traceback: From the first line of the file on; empty when nothing was run.
    """

    file: str
    line: int | None
    message: str
    traceback: str = ""

    @classmethod
    def of(cls, file: str, error: BaseException) -> ConfigProblem:
        """Describe what was raised while a file was read, compiled or run."""
        return cls(
            file=file,
            line=_line_of(file, error),
            message=redact(_describe(error)),
            traceback=_traceback_of(file, error),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What came of running the file.

    Attributes:
        checks: What it registered itself.
        imported: What modules registered while they were imported for the first time. That does
            not happen again when the file is loaded anew.
        problem: Why it did not come to its end; the checks are not to be used then.
    """

    checks: tuple[Check, ...]
    imported: tuple[Check, ...]
    problem: ConfigProblem | None = None


def execute(
    file: str,
    module_name: str,
    source: bytes,
    *,
    others: Iterable[Check] = (),
    earlier: tuple[Check, ...] = (),
) -> Loaded:
    """Run the source of a file, and collect what it registers.

    The source is UTF-8, with or without a byte order mark, unless it declares something else as
    `PEP 263 <https://peps.python.org/pep-0263/>`_ has it.

    Args:
        file: Path, for messages.
        module_name: Under which name the module is known; of no other module.
        source: All of the file, read at once.
        others: Checks of the registry for which it is loaded; their names are taken.
        earlier: Checks that were registered as modules were imported for it before; their names
            are taken.
    """
    module = ModuleType(module_name)
    module.__file__ = file
    # Of dataclasses and type hints, which look for the module of a class.
    sys.modules[module_name] = module
    _remember_lines(file, source)
    problem = None
    with collecting(others) as collected:
        collected.extend(earlier)
        try:
            code = compile(source, file, "exec", dont_inherit=True)
            exec(code, module.__dict__)  # noqa: S102 - the program's own file, as if imported
        except BaseException as error:  # also sys.exit() must not end the program
            if _is_wish_to_stop(error):
                raise
            problem = ConfigProblem.of(file, error)
    new = collected[len(earlier) :]
    imported = tuple(check for check in new if _is_imported(check, file))
    own = tuple(check for check in new if check not in imported)
    return Loaded(checks=own, imported=imported, problem=problem)


def _is_wish_to_stop(error: BaseException) -> bool:
    is_main = threading.current_thread() is threading.main_thread()
    return isinstance(error, KeyboardInterrupt) and is_main


def _remember_lines(file: str, source: bytes) -> None:
    """Have tracebacks show what was run, also when the file is changed later."""
    lines = source.decode("utf-8-sig", "replace").splitlines(keepends=True)
    # Without a time, such an entry is never compared with the file.
    linecache.cache[file] = (len(source), None, lines, file)


def _is_imported(check: Check, file: str) -> bool:
    """Tell whether a check was registered by a decorator in another module, as it was imported.

    A function of another module that registers checks is called again with each load; a decorator
    stands above the function that it is for, and is run once.
    """
    location, function = check.location, check.function
    code = getattr(function, "__code__", None)
    if location is None or location.file == file or not isinstance(code, CodeType):
        return False
    return (
        code.co_filename == location.file
        and "<locals>" not in getattr(function, "__qualname__", "")
        and code.co_firstlineno <= location.line <= _last_line(code)
        and getattr(function, "__module__", None) in sys.modules
    )


def _last_line(code: CodeType) -> int:
    return max((line for _, _, line in code.co_lines() if line is not None), default=0)


def _line_of(file: str, error: BaseException) -> int | None:
    if isinstance(error, SyntaxError) and error.filename == file:
        return error.lineno
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _describe(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"The file ends the program with sys.exit({error.code!r})."
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg}"
    if isinstance(error, OSError) and error.__traceback__ is None:
        return f"It cannot be read: {error.strerror}."
    text = _text_of(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _text_of(error: BaseException) -> str:
    try:
        return str(error)
    except BaseException:  # noqa: BLE001 - whatever its __str__ does
        return "(its text cannot be read)"


def _traceback_of(file: str, error: BaseException) -> str:
    try:
        lines = traceback.format_exception(type(error), error, _begin_of(file, error))
    except BaseException:  # noqa: BLE001 - it prints what the file raised
        return ""
    return redact("".join(lines), limit=_MOST_OF_A_TRACEBACK)


def _begin_of(file: str, error: BaseException) -> TracebackType | None:
    """Return the part of a traceback that begins in the file; what is above it is ours."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename != file:
        trace = trace.tb_next
    return trace


def name_module(path: Path, root: Path) -> str:
    """Return the name of the module of a file: no other module has one with a colon."""
    try:
        relative = path.relative_to(root)
    except ValueError:
        relative = Path(path.name)
    return f"allgreen:{'.'.join(relative.with_suffix('').parts)}"
