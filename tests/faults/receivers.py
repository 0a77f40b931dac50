"""L9: those who are told of changes raise, hang, are not there, or say nothing for ever."""

from __future__ import annotations

import asyncio
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from allgreen.health.checker.changes import Change
from allgreen.health.checker.checker import HealthChecker
from allgreen.health.checker.publishing import CAPACITY, Publisher
from allgreen.health.checker.webhooks import Webhook
from tests.faults.scenario import Report, Tell

COMPONENTS = 20
LATER_MAY_BE_S = 0.010
CLOSES_WITHIN_S = 2.0
"""And the interpreter needs a moment to end."""
ENDS_WITHIN_S = 2.5

_NEVER = threading.Event()
_NO_HOST = "http://nowhere.invalid/hook"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How many times the components are asked."""

    answers: int = 2000


def run(tell: Tell) -> Report:
    """Ask 2,000 times while every receiver is broken in another way, and then stop."""
    return _run(Plan(), tell)


def run_short(tell: Tell) -> Report:
    """Do the same for less time."""
    return _run(Plan(answers=300), tell)


def _run(plan: Plan, tell: Tell) -> Report:
    figures: list[str] = []
    faults: list[str] = []
    for work in (_answer, _stop):
        report = work(plan)
        for line in (*report.figures, *report.faults):
            tell(line)
        figures += report.figures
        faults += report.faults
    return Report(figures=tuple(figures), faults=tuple(faults))


def _answer(plan: Plan) -> Report:
    """Compare the answers of a checker that tells nobody with those of one that tells them all."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        receivers = _broken_receivers(silent.getsockname()[1])
        quiet, telling = _turning(), _turning(*receivers.values())
        quiet_s, telling_s = asyncio.run(_ask_in_turn(quiet, telling, plan.answers))
        publishers = [_publisher_of(receiver) for receiver in receivers.values()]
        waiting = max(publisher.waiting for publisher in publishers)
        dropped = sum(publisher.dropped for publisher in publishers)
        began = time.perf_counter()
        telling.close()
        closed_s = time.perf_counter() - began
    later_s = _p99(telling_s) - _p99(quiet_s)
    told = plan.answers * COMPONENTS
    return Report(
        figures=(
            (
                f"{told} changes to {len(receivers)} receivers ({', '.join(receivers)}): answers "
                f"come {1000 * later_s:.2f} ms later at the 99th percentile (goal: "
                f"{1000 * LATER_MAY_BE_S:g}), {1000 * _later(quiet_s, telling_s):.2f} ms at the median"
            ),
            f"at most {waiting} changes wait for one (goal: {CAPACITY}); {dropped} were dropped",
            f"all are closed after {closed_s:.2f} s (goal: {CLOSES_WITHIN_S:g})",
        ),
        faults=(
            *([f"answers come {later_s:.3f} s later"] if later_s > LATER_MAY_BE_S else ()),
            *([f"{waiting} changes waited"] if waiting > CAPACITY else ()),
            *(["no change was dropped, so no queue was full"] if not dropped else ()),
            *([f"closing took {closed_s:.2f} s"] if closed_s > CLOSES_WITHIN_S + 0.1 else ()),
        ),
    )


def _stop(_: Plan) -> Report:
    """Let a program end while its receivers hang."""
    command = [sys.executable, "-m", __name__]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        program.stdout.readline()  # it begins to close
        began = time.perf_counter()
        program.wait()
        ends_s = time.perf_counter() - began
    faults = []
    if program.returncode:
        faults.append(f"the program ended with {program.returncode}")
    if ends_s > ENDS_WITHIN_S:
        faults.append(f"the program took {ends_s:.2f} s to end")
    told = f"a program whose receivers hang ends within {ends_s:.2f} s (goal: {ENDS_WITHIN_S:g})"
    return Report(figures=(told,), faults=tuple(faults))


def _broken_receivers(silent_port: int) -> dict[str, Webhook | Publisher]:
    def fail(_: Change) -> None:
        raise SystemExit("no")

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        refusing = f"http://127.0.0.1:{free.getsockname()[1]}/"
    return {
        "silent": Webhook(f"http://127.0.0.1:{silent_port}/"),
        "not there": Webhook(refusing),
        "without an address": Webhook(_NO_HOST),
        "raises": Publisher(fail),
        "hangs": Publisher(lambda _: _NEVER.wait()),
    }


def _turning(*receivers: Webhook | Publisher) -> HealthChecker:
    """Return a checker whose components change with each answer."""
    checker = HealthChecker(retry_count=0, publishers=receivers)
    for number in range(COMPONENTS):
        checker.register_check(str(number), _turn())
    return checker


def _turn() -> Callable[[], object]:
    asked = count()

    async def check() -> bool:
        return next(asked) % 2 == 0

    return check


async def _ask_in_turn(
    quiet: HealthChecker, telling: HealthChecker, answers: int
) -> tuple[list[float], list[float]]:
    """Ask both in turn, so that whatever else the machine does hits both."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(answers):
        for checker, took in zip((quiet, telling), times, strict=True):
            began = time.perf_counter()
            await checker.check_all_components()
            took.append(time.perf_counter() - began)
    return times


def _publisher_of(receiver: Webhook | Publisher) -> Publisher:
    return receiver.publisher if isinstance(receiver, Webhook) else receiver


def _p99(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.99)]


def _later(quiet: list[float], telling: list[float]) -> float:
    return statistics.median(telling) - statistics.median(quiet)


def _main() -> None:
    """Tell receivers that hang, and end."""
    silent = socket.create_server(("127.0.0.1", 0))
    checker = _turning(*_broken_receivers(silent.getsockname()[1]).values())
    asyncio.run(_ask_in_turn(checker, checker, 5))
    sys.stdout.write("closing\n")
    sys.stdout.flush()
    checker.close()


if __name__ == "__main__":
    _main()
