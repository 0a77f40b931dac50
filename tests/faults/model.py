"""I1 to I20: 2,000 random histories, and after each step the invariants and a small model agree."""

from __future__ import annotations

import importlib
import logging
import traceback
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.faults.scenario import Report, Tell

MACHINE = "tests.model.test_machine"
STEPS = 50
WORTH_SHRINKING = 1_000


def run(tell: Tell) -> Report:
    """Play 2,000 histories."""
    return _play(2_000, tell)


def run_short(tell: Tell) -> Report:
    """Play 20 histories."""
    return _play(20, tell)


def _play(examples: int, tell: Tell) -> Report:
    # By name: its rules are built while it is imported, which only this scenario should pay for.
    machine: Any = importlib.import_module(MACHINE).Machine
    steps = 0

    class Counted(machine):  # type: ignore[misc]  # the base is known by its name only
        def check_invariants(self, *given: Any, **named: Any) -> None:
            nonlocal steps
            steps += 1
            super().check_invariants(*given, **named)

    logging.disable(logging.CRITICAL)
    try:
        run_state_machine_as_test(
            Counted,
            settings=settings(
                max_examples=examples,
                stateful_step_count=STEPS,
                deadline=None,
                database=None,
                # A short form that finds something does not look for the shortest way to it.
                phases=[Phase.generate] if examples < WORTH_SHRINKING else list(Phase),
                suppress_health_check=list(HealthCheck),
            ),
        )
    except Exception as error:  # noqa: BLE001 - whatever a history brings to light is the result
        for line in traceback.format_exception(error):
            tell(line.rstrip())
        return Report(
            figures=(f"histories {examples} of up to {STEPS} steps asked for",),
            faults=(f"a history breaks the law: {type(error).__name__}: {_first_line(error)}",),
        )
    finally:
        logging.disable(logging.NOTSET)
    return Report(
        figures=(f"histories {examples} of up to {STEPS} steps, looked at {steps} times",)
    )


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0][:200]
