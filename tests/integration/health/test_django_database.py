"""Checks that ask the database of Django leave its transactions and its connections alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.checkout import ROOT


@pytest.mark.semantics(26, 58, "L15")
@pytest.mark.parametrize(
    ("max_age_s", "most_open"), [("0", 0), ("", 8)], ids=["closed", "persistent"]
)
def test_transactions_and_connections_are_left_alone(
    max_age_s: str, most_open: int, tmp_path: Path
) -> None:
    module = "tests.integration.health.django_program"
    command = [sys.executable, "-m", module, str(tmp_path / "orders.sqlite"), max_age_s]

    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert found.pop("left open") <= most_open
    lost = {"without a database": 503, "with it again": 200} if max_age_s == "0" else {}
    assert found == lost | {
        "health in a transaction": 200,
        "orders after success": 1,
        "orders after failure": 1,
        "health": [200],
    }
