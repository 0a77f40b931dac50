"""The file of the checks: found, loaded, broken, and loaded again."""

from __future__ import annotations

import linecache
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from allgreen.domain.report import Ending
from allgreen.domain.status import CheckVerdict, HealthStatus
from allgreen.errors import ConfigBrokenError, ConfigNotFoundError
from allgreen.health.check import Check
from allgreen.health.config.loader import CONFIG_CHECK, LOOKS_EVERY_S, PLACES, ConfigLoader
from allgreen.health.registry import DEFAULT, CheckRegistry
from allgreen.health.running.runner import CheckRunner

WITHIN_S = 10.0

GOOD = """
from allgreen.health.registry import check

@check("Database is accessible")
def database(): ...

@check("Queue is short")
def queue(): ...
"""


class Clock:
    """A monotonic clock that goes on by the word of a test."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def registry() -> CheckRegistry:
    return CheckRegistry()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def modules() -> Iterator[None]:
    """Forget the modules that a test imports, and where it looked for them."""
    path = list(sys.path)
    yield
    for name in [name for name in sys.modules if name.startswith(("allgreen:", "shop_"))]:
        del sys.modules[name]
    sys.path[:] = path


@pytest.fixture
def load(
    registry: CheckRegistry, clock: Clock, tmp_path: Path, modules: None
) -> Callable[..., ConfigLoader]:
    def make(source: str | bytes = GOOD, **options: Any) -> ConfigLoader:
        _write(tmp_path / "allgood.py", source)
        loader = ConfigLoader(registry, root=tmp_path, monotonic=clock, **options)
        loader.load()
        return loader

    return make


# Finding ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", PLACES)
def test_the_file_is_found_where_it_may_be(
    place: str, registry: CheckRegistry, tmp_path: Path
) -> None:
    _write(tmp_path / place, GOOD)

    loader = ConfigLoader(registry, root=tmp_path)
    loader.load()

    assert loader.path == tmp_path / place
    assert _names(registry) == ["database", "queue"]


def test_the_first_place_wins(registry: CheckRegistry, tmp_path: Path) -> None:
    for place in PLACES:
        _write(tmp_path / place, GOOD)

    loader = ConfigLoader(registry, root=tmp_path)
    loader.load()

    assert loader.path == tmp_path / PLACES[0]
    assert _names(registry) == ["database", "queue"]


def test_the_current_folder_is_where_it_is_looked_for(
    registry: CheckRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write(tmp_path / "allgood.py", GOOD)
    monkeypatch.chdir(tmp_path)

    ConfigLoader(registry).load()

    assert _names(registry) == ["database", "queue"]


def test_without_a_file_there_are_no_checks(registry: CheckRegistry, tmp_path: Path) -> None:
    loader = ConfigLoader(registry, root=tmp_path, reload=True)

    loader.load()
    loader.refresh()

    assert loader.path is None
    assert _names(registry) == []


@pytest.mark.semantics(43, "L12")
@pytest.mark.parametrize("path", ["missing.py", "allgood.py/missing.py"])
def test_a_file_that_was_named_must_be_there(
    path: str, registry: CheckRegistry, tmp_path: Path
) -> None:
    _write(tmp_path / "allgood.py", GOOD)

    with pytest.raises(ConfigNotFoundError, match=r"missing\.py") as caught:
        ConfigLoader(registry, path, root=tmp_path).load()

    assert isinstance(caught.value, FileNotFoundError)
    assert "create it" in str(caught.value)


def test_a_file_that_was_named_is_loaded_and_no_other(
    registry: CheckRegistry, tmp_path: Path
) -> None:
    _write(tmp_path / "allgood.py", GOOD)
    _write(tmp_path / "mine.py", GOOD.replace("database", "mine"))

    ConfigLoader(registry, tmp_path / "mine.py", root=tmp_path / "elsewhere").load()

    assert _names(registry) == ["mine", "queue"]


# Loading ----------------------------------------------------------------------------------------


@pytest.mark.semantics(44)
@pytest.mark.parametrize("source", [GOOD, GOOD.replace(".health.registry", "")])
def test_the_decorator_is_imported_as_everywhere(
    source: str, load: Callable[..., ConfigLoader], registry: CheckRegistry
) -> None:
    load(source)

    assert _names(registry) == ["database", "queue"]
    assert not {"database", "queue"} & {check.name for check in DEFAULT.checks}


@pytest.mark.semantics(44)
@pytest.mark.parametrize(
    "options",
    [
        'only="production"',
        'only_in="production"',
        'except_="test"',
        'except_in="test"',
        '**{"except": "test"}',
        "if_=True",
        "if_condition=True",
        "unless=False",
    ],
)
def test_both_spellings_of_an_option_work_in_the_file(
    options: str, load: Callable[..., ConfigLoader], registry: CheckRegistry
) -> None:
    loader = load(f'from allgreen import check\n@check("x", {options})\ndef x(): ...\n')

    assert loader.problem is None
    assert _names(registry) == ["x"]


@pytest.mark.semantics(44)
def test_checks_of_the_program_survive_every_load(
    load: Callable[..., ConfigLoader], registry: CheckRegistry, clock: Clock, tmp_path: Path
) -> None:
    registry.add(Check("own", "Own", lambda: None))
    loader = load(reload=True)
    assert _names(registry) == ["own", "database", "queue"]

    _change(tmp_path, 'from allgreen import check\n@check("x")\ndef x(): ...\n', clock)
    loader.refresh()

    assert _names(registry) == ["own", "x"]


@pytest.mark.semantics(44)
def test_checks_of_modules_that_the_file_imports_survive_every_load(
    load: Callable[..., ConfigLoader], registry: CheckRegistry, clock: Clock, tmp_path: Path
) -> None:
    sys.path.insert(0, str(tmp_path))
    _write(
        tmp_path / "shop_checks.py",
        """
        from allgreen import check

        @check("Imported")
        def database(): ...

        def register(name):
            @check(name, name=name)
            def made(): ...
        """,
    )
    source = GOOD + "\nimport shop_checks\nshop_checks.register({!r})\n"
    loader = load(
        source.format("one").replace("from allgreen", "import shop_checks\nfrom allgreen"),
        reload=True,
    )
    before = _names(registry)

    _change(
        tmp_path,
        source.format("two").replace("from allgreen", "import shop_checks\nfrom allgreen"),
        clock,
    )
    loader.refresh()

    assert before == ["database", "allgreen:allgood.database", "queue", "one"]
    assert _names(registry) == ["database", "allgreen:allgood.database", "queue", "two"]


@pytest.mark.semantics(45)
@pytest.mark.parametrize(
    "source",
    [
        GOOD.replace("Database", "Dátabase"),
        "\ufeff" + GOOD.replace("Database", "Dátabase"),
        ("# coding: latin-1\n" + GOOD.replace("Database", "Dátabase")).encode("latin-1"),
        GOOD.replace("Database", "Dátabase").replace("\n", "\r\n"),
    ],
    ids=["UTF-8", "byte order mark", "declared", "Windows"],
)
def test_the_file_is_utf_8_unless_it_says_otherwise(
    source: str | bytes, load: Callable[..., ConfigLoader], registry: CheckRegistry
) -> None:
    load(source)

    assert registry.checks[0].description == "Dátabase is accessible"


def test_the_file_is_a_module_of_its_own(load: Callable[..., ConfigLoader], tmp_path: Path) -> None:
    loader = load(
        """
        from __future__ import annotations
        from dataclasses import dataclass
        from pathlib import Path

        @dataclass
        class Thing:
            name: str

        assert Path(__file__).name == "allgood.py"
        assert __name__ != "__main__"
        assert Thing("x").name == "x"
        """
    )

    assert loader.problem is None
    assert [name for name in sys.modules if "allgood" in name] == ["allgreen:allgood"]


def test_a_file_elsewhere_is_known_by_its_name(registry: CheckRegistry, tmp_path: Path) -> None:
    _write(tmp_path / "mine.py", "assert __name__ == 'allgreen:mine'")

    loader = ConfigLoader(registry, tmp_path / "mine.py", root=tmp_path / "root")
    loader.load()

    assert loader.problem is None


# Broken -----------------------------------------------------------------------------------------


class UnspeakableError(Exception):
    """Whose text nobody can read."""

    def __str__(self) -> str:
        raise RuntimeError


@pytest.mark.semantics(42, "L12")
@pytest.mark.parametrize(
    ("source", "line", "message"),
    [
        ("x = 1\ndef (:\n", 2, "SyntaxError: invalid syntax"),
        ("  x\n", 1, "IndentationError: unexpected indent"),
        ("\nimport no_such_module\n", 2, "ModuleNotFoundError: No module named 'no_such_module'"),
        ("def f():\n    raise KeyError('x')\nf()\n", 2, "KeyError: 'x'"),
        ("import sys\nsys.exit(3)\n", 2, "The file ends the program with sys.exit(3)."),
        ("raise SystemExit\n", 1, "The file ends the program with sys.exit(None)."),
        ("raise GeneratorExit\n", 1, "GeneratorExit"),
        ("from asyncio import CancelledError\nraise CancelledError\n", 2, "CancelledError"),
        ("def f(): f()\nf()\n", 1, "RecursionError: maximum recursion depth exceeded"),
        ("from allgreen import check\n@check('x', onyl='y')\ndef x(): ...\n", 2, "Did you mean"),
        ("from allgreen import check\n@check('x')\ndef x(): yield\n", 2, "generator function"),
        (
            f"from {__name__} import UnspeakableError\nraise UnspeakableError\n",
            2,
            "UnspeakableError: (its text cannot be read)",
        ),
        ("raise OSError('postgresql://shop:hunter2@db/shop')\n", 1, "OSError: postgresql"),
        ("x = '\0'\n", None, "null bytes"),
        (b"# coding: utf-8\nx = '\xff'\n", None, "utf-8"),
        (b"# coding: klingon\n", None, "unknown encoding: klingon"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_what_is_broken_is_a_failing_check_with_file_line_and_reason(
    source: str | bytes,
    line: int | None,
    message: str,
    load: Callable[..., ConfigLoader],
    registry: CheckRegistry,
    tmp_path: Path,
) -> None:
    loader = load(source)

    (check,) = registry.checks
    with pytest.raises(ConfigBrokenError) as caught:
        check.function()

    assert (check.name, check.tags) == (CONFIG_CHECK, frozenset({"ready", "startup"}))
    assert loader.problem is not None
    assert message in loader.problem.message
    assert caught.value.reason == loader.problem.message
    assert caught.value.file == str(tmp_path / "allgood.py")
    if line is not None:
        assert caught.value.line == line
        assert f"allgood.py, line {line}: " in str(caught.value)
    assert "hunter2" not in str(caught.value) + caught.value.details


@pytest.mark.semantics(42, "L12")
@pytest.mark.parametrize("environment", ["development", "production"])
def test_the_report_says_what_is_broken(
    environment: str, load: Callable[..., ConfigLoader], registry: CheckRegistry, tmp_path: Path
) -> None:
    load("\nx = 1 / 0\n")

    report = CheckRunner(registry, environment=environment).run()

    (result,) = report.results
    assert report.status is HealthStatus.UNHEALTHY
    assert (result.verdict, result.ending) == (CheckVerdict.ERROR, Ending.MISCONFIGURED)
    assert result.message == f"{tmp_path}/allgood.py, line 2: ZeroDivisionError: division by zero"
    assert result.evidence is not None
    assert str(result.evidence.where).endswith("allgood.py:2\n    x = 1 / 0")
    is_told = result.evidence.traceback is not None
    assert is_told is (environment == "development")


def test_the_report_says_it_also_of_a_file_without_a_line_at_fault(
    load: Callable[..., ConfigLoader], registry: CheckRegistry
) -> None:
    load("x = '\0'\n")

    (result,) = CheckRunner(registry, environment="development").run().results

    assert result.ending is Ending.MISCONFIGURED
    assert result.evidence is not None
    assert result.evidence.where is None


@pytest.mark.semantics(47)
def test_two_checks_of_one_name_are_reported_with_both_places(
    load: Callable[..., ConfigLoader], registry: CheckRegistry
) -> None:
    twice = "@check('x', name='x')\ndef f(): ...\n"
    loader = load(f"from allgreen import check\n{twice}{twice}")

    assert loader.problem is not None
    assert "allgood.py:2" in loader.problem.message
    assert "allgood.py:4" in loader.problem.message


def test_the_traceback_begins_in_the_file_and_shows_what_was_run(
    load: Callable[..., ConfigLoader], tmp_path: Path
) -> None:
    loader = load("def connect():\n    raise OSError('no')\n\nconnect()\n")
    _write(tmp_path / "allgood.py", "something else\n" * 4)
    linecache.checkcache()

    assert loader.problem is not None
    told = loader.problem.traceback
    assert "    connect()" in told
    assert "    raise OSError('no')" in told
    assert "config_file.py" not in told
    assert linecache.getline(str(tmp_path / "allgood.py"), 4) == "connect()\n"


def test_a_ctrl_c_of_the_user_still_stops_the_program(load: Callable[..., ConfigLoader]) -> None:
    with pytest.raises(KeyboardInterrupt):
        load("raise KeyboardInterrupt\n")


@pytest.mark.semantics(12)
def test_one_that_is_raised_in_a_thread_is_a_problem(
    load: Callable[..., ConfigLoader],
) -> None:
    made: list[ConfigLoader] = []
    thread = threading.Thread(target=lambda: made.append(load("raise KeyboardInterrupt\n")))

    thread.start()
    thread.join(WITHIN_S)

    assert made[0].problem is not None
    assert made[0].problem.message == "KeyboardInterrupt"


def test_a_folder_in_its_place_is_a_problem(registry: CheckRegistry, tmp_path: Path) -> None:
    (tmp_path / "allgood.py").mkdir()
    loader = ConfigLoader(registry, root=tmp_path)

    loader.load()

    assert loader.problem is not None
    assert loader.problem.message == "It cannot be read: Is a directory."
    assert _names(registry) == [CONFIG_CHECK]


def test_a_folder_that_may_not_be_looked_into_is_a_problem(
    registry: CheckRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mine.py"

    def refuse(path: Path, *_: object) -> os.stat_result:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "stat", refuse)
    monkeypatch.setattr(Path, "open", refuse)
    loader = ConfigLoader(registry, path)
    loader.load()
    monkeypatch.undo()

    assert loader.problem is not None
    assert loader.problem.message == "It cannot be read: Permission denied."


# Loading again ----------------------------------------------------------------------------------


@pytest.mark.semantics(42, 46)
def test_what_breaks_later_keeps_the_checks_and_marks_them(
    load: Callable[..., ConfigLoader],
    registry: CheckRegistry,
    clock: Clock,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    loader = load(reload=True)
    before = registry.checks

    _change(tmp_path, "def (:\n", clock)
    loader.refresh()

    *kept, broken = registry.checks
    assert tuple(kept) == before
    assert all("Of the configuration of" in check.note for check in kept)
    assert all("UTC, as the new one is broken" in check.note for check in kept)
    assert (broken.name, broken.tags) == (CONFIG_CHECK, frozenset())
    with pytest.raises(ConfigBrokenError, match=r"The checks of \d\d:\d\d UTC are still used\."):
        broken.function()
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


@pytest.mark.semantics(42)
def test_once_it_is_whole_again_nothing_is_marked(
    load: Callable[..., ConfigLoader], registry: CheckRegistry, clock: Clock, tmp_path: Path
) -> None:
    loader = load(reload=True)
    _change(tmp_path, "def (:\n", clock)
    loader.refresh()
    _change(tmp_path, GOOD, clock)
    loader.refresh()

    assert _names(registry) == ["database", "queue"]
    assert [check.note for check in registry.checks] == ["", ""]
    assert loader.problem is None


def test_a_broken_file_is_tried_again_although_it_has_not_changed(
    load: Callable[..., ConfigLoader],
    registry: CheckRegistry,
    clock: Clock,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    sys.path.insert(0, str(tmp_path))
    loader = load(f"import shop_later\n{GOOD}", reload=True)
    for _ in range(4):
        clock.now += LOOKS_EVERY_S
        loader.refresh()
    assert _names(registry) == [CONFIG_CHECK]

    _write(tmp_path / "shop_later.py", "")
    clock.now += 2
    loader.refresh()

    assert _names(registry) == ["database", "queue"]
    assert len(caplog.records) == 1


def test_it_is_looked_at_no_more_than_twice_a_second(
    load: Callable[..., ConfigLoader], registry: CheckRegistry, clock: Clock, tmp_path: Path
) -> None:
    loader = load(reload=True)
    clock.now += 10
    loader.refresh()
    _change(tmp_path, "", clock, passes_s=LOOKS_EVERY_S / 2)

    loader.refresh()
    assert _names(registry) == ["database", "queue"]

    clock.now += LOOKS_EVERY_S
    loader.refresh()
    assert _names(registry) == []


@pytest.mark.semantics(46)
@pytest.mark.parametrize(
    ("environment", "reload", "is_loaded_again"),
    [
        ("development", None, True),
        ("production", None, False),
        ("production", True, True),
        ("development", False, False),
    ],
)
def test_only_in_development_is_it_loaded_again_unless_asked(
    environment: str,
    reload: bool | None,
    is_loaded_again: bool,
    load: Callable[..., ConfigLoader],
    registry: CheckRegistry,
    clock: Clock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ALLGREEN_ENV", environment)
    loader = load(reload=reload)

    _change(tmp_path, "", clock)
    loader.refresh()

    assert (_names(registry) == []) is is_loaded_again


@pytest.mark.semantics(45)
def test_a_file_that_was_put_in_place_of_another_is_noticed_although_it_looks_the_same(
    load: Callable[..., ConfigLoader], registry: CheckRegistry, clock: Clock, tmp_path: Path
) -> None:
    loader = load(reload=True)
    path, new = tmp_path / "allgood.py", tmp_path / "new.py"
    _write(new, GOOD.replace("database", "datebase"))
    os.utime(new, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    new.replace(path)
    clock.now += 1

    loader.refresh()

    assert _names(registry) == ["datebase", "queue"]


@pytest.mark.semantics(45)
def test_a_file_that_is_replaced_again_and_again_is_always_one_of_them(
    load: Callable[..., ConfigLoader], registry: CheckRegistry, clock: Clock, tmp_path: Path
) -> None:
    loader, is_over = load(reload=True), threading.Event()
    # Long enough to be written in several steps, so that half of it could be read.
    versions = [f"{GOOD.replace('queue', name)}{'#' * 100_000}\n" for name in ("line", "row")]

    def replace_it() -> None:
        while not is_over.is_set():
            for version in versions:
                new = tmp_path / "new.py"
                _write(new, version)
                new.replace(tmp_path / "allgood.py")

    thread = threading.Thread(target=replace_it)
    thread.start()
    seen, wanted = set[tuple[str, ...]](), {("database", "line"), ("database", "row")}
    until = time.monotonic() + WITHIN_S
    while clock.now < 100 or (not seen >= wanted and time.monotonic() < until):
        clock.now += 1
        loader.refresh()
        seen.add(tuple(_names(registry)))
    is_over.set()
    thread.join(WITHIN_S)

    assert loader.problem is None
    assert wanted <= seen <= {*wanted, ("database", "queue")}


@pytest.mark.semantics(45)
def test_a_file_that_is_gone_leaves_its_checks_marked(
    load: Callable[..., ConfigLoader],
    registry: CheckRegistry,
    clock: Clock,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    loader = load(reload=True)
    path, aside = tmp_path / "allgood.py", tmp_path / "aside"
    path.rename(aside)
    for _ in range(3):
        clock.now += 1
        loader.refresh()
    assert _names(registry) == ["database", "queue"]
    assert "whose file is gone" in registry.checks[0].note
    assert len(caplog.records) == 1

    aside.rename(path)
    clock.now += 1
    loader.refresh()
    assert [check.note for check in registry.checks] == ["", ""]


@pytest.mark.semantics(42, 45)
def test_the_report_marks_what_is_of_an_older_configuration(
    load: Callable[..., ConfigLoader], registry: CheckRegistry, clock: Clock, tmp_path: Path
) -> None:
    loader = load(GOOD.replace('short"', 'short", depends_on="absent"'), reload=True)
    runner = CheckRunner(registry, environment="development")
    assert [result.note for result in runner.run().results] == ["", "", ""]

    _change(tmp_path, "def (:\n", clock)
    loader.refresh()
    broken = runner.run().results
    _change(tmp_path, GOOD, clock)
    loader.refresh()
    (tmp_path / "allgood.py").unlink()
    clock.now += 1
    loader.refresh()
    gone = runner.run().results

    assert [result.name for result in broken] == [
        *("database", "queue", CONFIG_CHECK, f"{CONFIG_CHECK}:dependencies")
    ]
    assert all("the new one is broken" in result.note for result in broken[:2])
    assert all("whose file is gone" in result.note for result in gone)


def test_a_broken_file_that_is_gone_stays_a_problem(
    load: Callable[..., ConfigLoader], registry: CheckRegistry, clock: Clock, tmp_path: Path
) -> None:
    loader = load("def (:\n", reload=True)
    (tmp_path / "allgood.py").unlink()
    clock.now += 10
    loader.refresh()
    assert _names(registry) == [CONFIG_CHECK]

    _change(tmp_path, "def (:\n", clock)
    loader.refresh()
    (tmp_path / "allgood.py").rename(tmp_path / "aside")
    clock.now += 1
    loader.refresh()
    (tmp_path / "aside").rename(tmp_path / "allgood.py")
    clock.now += 0.5
    loader.refresh()
    assert _names(registry) == [CONFIG_CHECK]


def test_a_file_that_comes_later_is_loaded(
    registry: CheckRegistry, clock: Clock, tmp_path: Path
) -> None:
    loader = ConfigLoader(registry, root=tmp_path, reload=True, monotonic=clock)
    loader.load()
    _change(tmp_path, GOOD, clock)

    loader.refresh()

    assert _names(registry) == ["database", "queue"]


@pytest.mark.semantics(46)
def test_while_one_thread_loads_the_others_go_on_with_the_old_checks(
    load: Callable[..., ConfigLoader],
    registry: CheckRegistry,
    clock: Clock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loader = load(reload=True)
    entered, release = threading.Event(), threading.Event()
    monkeypatch.setattr(sys, "entered_of_test", entered, raising=False)
    monkeypatch.setattr(sys, "release_of_test", release, raising=False)
    new = "import sys\nsys.entered_of_test.set()\nsys.release_of_test.wait(10)\n"
    _change(tmp_path, f"{new}{GOOD.replace('queue', 'line')}", clock)

    thread = threading.Thread(target=loader.refresh)
    thread.start()
    assert entered.wait(WITHIN_S)
    clock.now += 1
    loader.refresh()
    seen = registry.checks
    assert [check.name for check in seen] == ["database", "queue"]

    release.set()
    thread.join(WITHIN_S)
    assert _names(registry) == ["database", "line"]
    assert [check.name for check in seen] == ["database", "queue"]


@pytest.mark.semantics(27)
def test_in_the_child_of_a_fork_no_lock_is_held(load: Callable[..., ConfigLoader]) -> None:
    loader = load(reload=True)

    with loader._lock:
        child = os.fork()
        if child == 0:
            os._exit(0 if loader._lock.acquire(blocking=False) else 1)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def _write(path: Path, source: str | bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    if isinstance(source, str):
        lines = source.splitlines(keepends=True)
        margin = 8 if source.startswith("\n        ") else 0
        source = "".join(line[margin:] if line.strip() else line for line in lines).encode()
    path.write_bytes(source)


def _change(folder: Path, source: str, clock: Clock, *, passes_s: float = 1.0) -> None:
    _write(folder / "new.py", source)
    (folder / "new.py").replace(folder / "allgood.py")
    clock.now += passes_s


def _names(registry: CheckRegistry) -> list[str]:
    return [check.name for check in registry.checks]
