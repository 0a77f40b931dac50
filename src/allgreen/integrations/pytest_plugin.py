"""pytest: fixtures for tests of checks, and of what a program does when they fail.

pytest finds it where Allgreen is installed; ``-p no:allgreen.integrations.pytest_plugin`` leaves it out.
So nothing of the library is imported before a fixture is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest  # deptry: ignore[DEP004] - whoever loads a plugin of pytest has it

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from allgreen.health.registry import CheckRegistry
    from allgreen.health.running.runner import CheckRunner
    from allgreen.health.trial import FakeChecks, TrialClock


@pytest.fixture
def health_clock() -> TrialClock:
    """A clock that can be put forward; that of `check_runner`."""
    from allgreen.health.trial import TrialClock  # noqa: PLC0415 - for those who use it

    return TrialClock()


@pytest.fixture
def check_registry() -> CheckRegistry:
    """A registry without any check; that of `check_runner`."""
    from allgreen.health.registry import CheckRegistry  # noqa: PLC0415 - for those who use it

    return CheckRegistry()


@pytest.fixture
def check_runner(
    check_registry: CheckRegistry, health_clock: TrialClock, tmp_path: Path
) -> CheckRunner:
    """A runner in the environment ``test`` that remembers nothing.

    How often a check was run (``run=``) is kept in a folder of the test.
    """
    # For those who use it.
    from allgreen.health.budgets.ledger import Ledger  # noqa: PLC0415
    from allgreen.health.running.rationing import Rationing  # noqa: PLC0415
    from allgreen.health.running.runner import CheckRunner, RunOptions  # noqa: PLC0415

    return CheckRunner(
        check_registry,
        RunOptions(keep_good_for_s=0.0, keep_bad_for_s=0.0, snapshot_for_s=0.0),
        environment="test",
        clock=health_clock,
        rations=Rationing(Ledger(tmp_path / "allgreen"), health_clock),
    )


@pytest.fixture
def fake_checks() -> Iterator[FakeChecks]:
    """Makes checks that hang, block, leak and flap; all are released after the test."""
    from allgreen.health.trial import FakeChecks  # noqa: PLC0415 - for those who use it

    made = FakeChecks()
    yield made
    made.release()
