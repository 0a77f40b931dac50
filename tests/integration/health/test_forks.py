"""A server that loads a program once and then forks: each worker has checks of its own."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.integration.health.test_mounts import GUNICORN
from tests.programs import Program

FORKED = "tests.integration.health.forked:make_forked()"


@pytest.mark.semantics(27, 70, "L13")
@pytest.mark.parametrize("threads", [1, 4])
def test_everything_works_in_each_worker_after_a_fork(threads: int, tmp_path: Path) -> None:
    command = (*GUNICORN, "--preload", "-w", "4", "--threads", str(threads), FORKED)
    with Program(command, tmp_path / "log") as program, ThreadPoolExecutor(8) as pool:
        reports = list(pool.map(program.get, ["/healthcheck"] * 80))
        ready = list(pool.map(program.get, ["/readyz"] * 20))
        compatible = list(pool.map(program.get, ["/v1/health"] * 20))
        metrics = list(pool.map(program.get, ["/healthcheck/metrics"] * 40))

    assert {answer.status for answer in ready} == {200}
    assert {json.loads(answer.body)["status"] for answer in compatible} == {"healthy"}
    assert {answer.status for answer in reports} == {503}
    said = [json.loads(answer.body)["checks"] for answer in reports]
    processes = {checks[0]["message"] for checks in said}
    assert len(processes) > 1, "several workers answered"
    assert f"process {program.process.pid}" not in processes
    for checks in said:
        in_thread, on_loop, hanging = checks
        assert in_thread["message"] == on_loop["message"]
        assert (in_thread["verdict"], on_loop["verdict"]) == ("passed", "passed")
        assert hanging["ending"] in ("timed_out", "still_running")
    labels = {found for answer in metrics for found in re.findall(rb'pid="(\d+)"', answer.body)}
    answered = {f"process {label.decode()}" for label in labels}
    assert len(answered | processes) <= 4, "nobody but the workers answered"
    assert answered & processes
