"""R26: one service that cannot be handled, every field of it odd. The others must not notice.

A failpoint raises whenever a result of that service is evaluated, as a bug of ours would.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tests.faults.flipping import now_s
from tests.faults.record import Record
from tests.faults.scenario import Report, Tell
from tests.faults.stage import Stage, kind_of, message_id_of, pause, wait_until
from tests.platform import Person, an_http_check

OTHERS = 20
FAILING = "/other-00"
"""The one of them that has an outage meanwhile, and must be told of."""

POISONED_FOR_S = 20.0
OUTAGE_S = 6.0
MOST_RUNS = 6
"""So often may a poisoned service be tried meanwhile; one that is sound is asked every second."""

ODD_FIELDS: dict[str, Any] = {
    "name": "\u202e\U0001f9e8 ' or 1=1 -- <b>%s{0}</b> " + "e\u0301" * 20,
    "path": "/odd/%00%0d%0a/..%2f?q=%F0%9F%92%A9&" + "a" * 500,
    "method": "POST",
    "headers": [{"name": "X-Odd", "value": "{0}%s' \"; a=b\t, c"}],
    "body": '{"a": "\\u0000", "b": 1e400, "a": "\\ud800"}',
    "expectations": {"status": "200,100-199,201-599", "body_contains": "h"},
    "confirm_down": 10,
    "timeout_ms": 500,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What was seen of the poisoned one.

    Attributes:
        shown: How it is shown while it cannot be evaluated.
        reason: What people read about it.
        runs: How often it was tried meanwhile.
        healed: How it is shown once it can be evaluated again.
        begin: From when it was poisoned…
        end: …until when.
    """

    shown: str
    reason: str
    runs: int
    healed: str
    begin: float
    end: float


def run(tell: Tell) -> Report:
    """Poison one of 21 services for 20 s."""
    with Stage.opened("poison") as stage:
        stage.platform.start()
        person = Person(stage.platform).set_up()
        paths = {
            stage.watch(person, f"/other-{n:02}", addresses=[person.email]): f"/other-{n:02}"
            for n in range(OTHERS)
        }
        odd_id, fields = _watch_odd(stage, person)
        stage.platform.stop()
        stage.platform.settings["ALLGREEN_FAILPOINTS"] = f"evaluate@{odd_id}=raise"
        stage.platform.start()
        tell("poisoned")
        outcome = _live_with_it(stage, person, odd_id, tell)
        record = Record.read(stage.platform.data_dir / "allgreen.db", {**paths, odd_id: "/odd"})
        slowest = _slowest(stage, list(paths.values()), outcome)
        kinds = sorted({kind_of(mail) for mail in stage.news})
        faults = tuple(_faults(stage, record, outcome, slowest))
    shown = f"the poisoned one is shown as {outcome.shown}: {outcome.reason!r}"
    return Report(
        figures=(
            f"services {OTHERS} and a poisoned one ({fields}), each every second",
            f"{shown}; tried {outcome.runs} times in {POISONED_FOR_S:g} s",
            f"it is {outcome.healed} once its results can be evaluated again",
            f"the others waited {slowest:.1f} s at the most; mails: {', '.join(kinds) or 'none'}",
        ),
        faults=faults,
    )


def _watch_odd(stage: Stage, person: Person) -> tuple[str, str]:
    """Watch with every field odd that is taken; say which are refused."""
    path = f"/workspaces/{person.workspace_id}/services"
    taken: dict[str, Any] = {}
    refused: list[str] = []
    for name, value in ODD_FIELDS.items():
        answer = person.http.post(path, json=_odd_body(stage, person, {**taken, name: value}))
        if answer.is_success:
            taken[name] = value
            person.http.delete(f"/services/{answer.json()['id']}").raise_for_status()
        else:
            refused.append(name)
    made = person.post(path, **_odd_body(stage, person, taken))
    said = f", refused: {', '.join(refused)}" if refused else ""
    return str(made["id"]), f"odd: {', '.join(taken)}{said}"


def _odd_body(stage: Stage, person: Person, odd: dict[str, Any]) -> dict[str, Any]:
    in_check = {name: value for name, value in odd.items() if name not in ("name", "path")}
    return {
        "name": odd.get("name", "Odd"),
        "checks": [an_http_check(stage.url(odd.get("path", "/odd")), **in_check)],
        "period": {"every": 1, "unit": "seconds"},
        "recipients": [{"email": person.email}],
    }


def _live_with_it(stage: Stage, person: Person, odd_id: str, tell: Tell) -> Outcome:
    """Let one of the others fail meanwhile, then let the poisoned one be handled again."""
    begin = now_s()
    stage.target.plans[FAILING] = [begin + 2, begin + 2 + OUTAGE_S]
    pause(POISONED_FOR_S)
    shown = person.get(f"/services/{odd_id}")
    runs = sum(
        answer.at >= begin
        for path, answers in stage.target.log.items()
        if path.startswith("/odd")
        for answer in answers
    )
    end = now_s()
    stage.platform.stop()
    stage.platform.settings["ALLGREEN_FAILPOINTS"] = ""
    stage.platform.start()
    person.post(f"/services/{odd_id}/check")
    tell("sound again")
    wait_until(lambda: person.get(f"/services/{odd_id}")["shown"] == "up", within_s=10)
    return Outcome(
        shown=str(shown["shown"]),
        reason=str(shown.get("reason") or ""),
        runs=runs,
        healed=str(person.get(f"/services/{odd_id}")["shown"]),
        begin=begin,
        end=end,
    )


def _slowest(stage: Stage, paths: list[str], outcome: Outcome) -> float:
    """Return the longest that one of the others had to wait while it was poisoned."""
    return max(
        later.at - earlier.at
        for path in paths
        for earlier, later in pairwise(stage.target.log[path])
        if outcome.begin <= earlier.at and later.at <= outcome.end
    )


def _faults(stage: Stage, record: Record, outcome: Outcome, slowest: float) -> Iterator[str]:
    if outcome.shown != "unknown" or not outcome.reason:
        yield f"the poisoned service is shown as {outcome.shown}: {outcome.reason!r}"
    if not 0 < outcome.runs <= MOST_RUNS:
        yield f"the poisoned service was tried {outcome.runs} times"
    if outcome.healed != "up":
        yield f"the poisoned service is {outcome.healed} after it can be handled again"
    if slowest > 10:
        yield f"another service was not asked for {slowest:.1f} s"
    if [one.path for one in record.outages] != [FAILING]:
        yield f"outages are told of {[one.path for one in record.outages]}, not of {FAILING}"
    if not any(kind_of(mail) == "parked" for mail in stage.news):
        yield "no admin was told that a service cannot be handled"
    told = {message_id_of(mail) for mail in stage.news if kind_of(mail) in ("down", "up")}
    if len(told) != 2:
        yield f"{len(told)} mails tell of the one outage, and 2 are owed"
