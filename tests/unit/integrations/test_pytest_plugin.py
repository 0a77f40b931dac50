"""The fixtures, in a run of pytest of their own."""

from __future__ import annotations

import subprocess
import sys
import tomllib

import pytest

from tests.checkout import ROOT

pytest_plugins = ["pytester"]

PLUGIN = "allgreen.integrations.pytest_plugin"


@pytest.fixture
def program(pytester: pytest.Pytester) -> pytest.Pytester:
    """The folder of a program that uses the fixtures."""
    pytester.makeconftest(f"pytest_plugins = [{PLUGIN!r}]")
    return pytester


def passes(program: pytest.Pytester, source: str, count: int = 1) -> None:
    program.makepyfile(source)
    result = program.runpytest_inprocess("-p", "no:randomly", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=count)


def test_a_runner_runs_what_was_registered(program: pytest.Pytester) -> None:
    passes(
        program,
        """
        def test_queue(check_registry, check_runner):
            @check_registry.check("Queue is short", tags="ready")
            def queue():
                assert 700 < 500

            report = check_runner.run(tags=["ready"])

            assert report.status == "unhealthy"
            assert report.environment == "test"
        """,
    )


def test_each_test_has_checks_and_state_of_its_own(program: pytest.Pytester) -> None:
    passes(
        program,
        """
        import pytest

        @pytest.mark.parametrize("number", [1, 2])
        def test_mail(check_registry, check_runner, health_clock, number):
            runs = []
            health_clock.set_wall(1_772_452_800)  # noon
            check_registry.check("Mail leaves", name="mail", run="once per day")(
                lambda: runs.append(number)
            )

            check_runner.run()
            health_clock.advance(60)
            check_runner.run()
            once = len(runs)
            health_clock.advance(86_400)
            check_runner.run()

            assert (once, runs) == (1, [number, number])
        """,
        count=2,
    )


def test_fake_checks_are_released_after_the_test(program: pytest.Pytester) -> None:
    passes(
        program,
        """
        made = []

        def test_hang(fake_checks, check_registry, check_runner):
            made.append(fake_checks.hang())
            check_registry.check("Slow", name="slow", timeout=0.05)(made[0])

            assert check_runner.run().results[0].ending == "timed_out"

        def test_after():
            assert made[0].is_released
        """,
        count=2,
    )


def test_pytest_finds_the_plugin_by_the_name_of_its_module() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert project["entry-points"]["pytest11"] == {PLUGIN: PLUGIN}


def test_who_names_the_plugin_as_well_has_it_once(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(f"pytest_plugins = [{PLUGIN!r}]")
    pytester.makepyfile("def test_it(check_registry): assert check_registry.checks == ()")

    result = pytester.runpytest_subprocess("-p", PLUGIN, "-p", "no:cacheprovider", "-W", "error")

    result.assert_outcomes(passed=1)


@pytest.mark.semantics("L16")
def test_who_uses_no_fixture_imports_nothing_of_the_library() -> None:
    # `allgreen.integrations` is on the way, and is empty.
    ours = (
        f"import pytest, sys; before = set(sys.modules); import {PLUGIN};"
        "print(sorted(set(sys.modules) - before))"
    )

    said = subprocess.run(
        [sys.executable, "-c", ours], capture_output=True, text=True, check=True
    ).stdout

    assert said.strip() == str(["allgreen", "allgreen.integrations", PLUGIN])
