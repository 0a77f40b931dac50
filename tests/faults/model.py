"""I20: two thousand histories against the reference, and mutants that it has to find."""

from __future__ import annotations

import subprocess
import sys
import time

from tests.faults.scenario import Report, Tell
from tests.model import mutants

EXAMPLES = 2000
_SHORT = 200


def run(tell: Tell) -> Report:
    """Compare 2,000 histories, then make every mistake of the list."""
    report = _compare(EXAMPLES, tell)
    count, survivors = mutants.kill_all(tell)
    return Report(
        figures=(*report.figures, f"mutants {count}, found {count - len(survivors)}"),
        faults=(*report.faults, *(f"nobody notices that {_words(each)}" for each in survivors)),
    )


def run_short(tell: Tell) -> Report:
    """Compare 200 histories."""
    return _compare(_SHORT, tell)


def _compare(examples: int, tell: Tell) -> Report:
    began_s = time.perf_counter()
    command = [sys.executable, "-m", "pytest", "-q", "tests/model", "--timeout=3600"]
    done = subprocess.run(
        [*command, f"--model-examples={examples}", "-p", "no:cacheprovider"],
        check=False,
        capture_output=True,
        text=True,
    )
    last = done.stdout.strip().splitlines()[-1] if done.stdout.strip() else done.stderr[-300:]
    tell(last)
    faults = () if done.returncode == 0 else (f"the product and the reference differ: {last}",)
    took_s = time.perf_counter() - began_s
    return Report(
        figures=(f"histories {examples}, of 50 steps each, in {took_s:.0f} s",), faults=faults
    )


def _words(name: str) -> str:
    return name.replace("_", " ")
