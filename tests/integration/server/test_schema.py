"""The API document against the API: requests drawn from it, asked by everybody.

What is answered stands in the document (status, content type, shape), and nothing is a fault of
ours. Beside what the document allows, odd requests are sent that no form would.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import checks
from schemathesis.core.result import Ok

from allgreen.server.app import build_routes
from tests.authorization.odd import ROLES, draw_odd, field_names, send_odd, write_json
from tests.authorization.requests import LOOK, REQUESTS
from tests.authorization.stage import Stage, open_stage
from tests.authorization_table import Operation, list_operations

EXAMPLES = 12
ODD_REQUESTS = 1500
DOCUMENT = build_routes().openapi()
DRAWN = {
    f"{each.method.upper()} {each.path}": each
    for each in (
        found.ok()
        for found in schemathesis.openapi.from_dict(DOCUMENT).get_all_operations()
        if isinstance(found, Ok)
    )
}
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
QUIET = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


class Loop:
    """A stage, and the loop that it lives in, for tests that draw their cases outside of one."""

    def __init__(self, stage: Stage, runner: asyncio.Runner) -> None:
        self.stage = stage
        self._runner = runner

    def run(self, work: Any) -> Any:
        """Wait for something."""
        return self._runner.run(work)


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loop]:
    with asyncio.Runner() as runner:
        opened = open_stage(tmp_path_factory.mktemp("schema"))
        stage = runner.run(opened.__aenter__())
        yield Loop(stage, runner)
        runner.run(opened.__aexit__(None, None, None))


@pytest.mark.parametrize(
    "operation",
    [each for each in list_operations() if each.id in REQUESTS],
    ids=lambda each: each.id,
)
def test_every_answer_stands_in_the_document(loop: Loop, operation: Operation) -> None:
    stage = loop.stage
    chance = Random(operation.id)
    drawn = DRAWN[f"{operation.method} {operation.path}"]
    asked = 0

    @QUIET
    @given(case=drawn.as_strategy())
    def ask(case: schemathesis.Case[Any]) -> None:
        nonlocal asked
        asked += 1
        who = chance.choice(ROLES)
        if chance.random() < 0.7:  # else nearly all would end at an id that is not there
            ids = stage.ids_for(who)
            case.path_parameters = {name: ids[name] for name in case.path_parameters or {}}
        if operation.id == "watch_events":
            stage.platform.stopping.set()
        answer = loop.run(_send(stage, case, who))
        case.validate_response(answer, checks=CHECKS)

    try:
        ask()
    finally:
        stage.platform.stopping.clear()
        stage.restore()

    assert asked > 0


async def _send(stage: Stage, case: schemathesis.Case[Any], who: str) -> Any:
    parts = case.as_transport_kwargs(base_url="http://127.0.0.1:8000")
    sent = {name: parts[name] for name in ("json", "params") if parts.get(name) is not None}
    if isinstance(parts.get("data"), str | bytes):
        sent["content"] = parts["data"]
    headers = {
        name: str(value).encode("latin-1", "replace") for name, value in parts["headers"].items()
    }
    answer = await stage.ask(parts["method"], parts["url"], who=who, headers=headers, **sent)
    stage.forget()
    return answer


def test_odd_requests_are_no_fault_of_ours(loop: Loop) -> None:
    chance = Random(28)

    faults = [
        fault
        for _ in range(ODD_REQUESTS)
        if (fault := loop.run(send_odd(loop.stage, draw_odd(loop.stage, chance)))) is not None
    ]

    assert faults == []


FORMS = [each for each in list_operations() if isinstance(REQUESTS.get(each.id, LOOK).json, dict)]
PER_REQUEST = 80
"""A form with more than a hundred fields is refused as a whole."""


@pytest.mark.parametrize("operation", FORMS, ids=lambda each: each.id)
def test_no_form_takes_a_field_that_is_not_its_own(loop: Loop, operation: Operation) -> None:
    stage, form = loop.stage, REQUESTS[operation.id].json
    own = _fields_of(operation)
    foreign = [name for name in field_names() if name not in own]
    before = stage.state()

    refused = set()
    for begin in range(0, len(foreign), PER_REQUEST):
        names = foreign[begin : begin + PER_REQUEST]
        answer = loop.run(_ask_with(stage, operation, form | dict.fromkeys(names, "owner")))
        assert answer.status_code == 422, answer.text
        refused |= {
            error["field"]
            for error in answer.json()["errors"]
            if error["code"] == "extra_forbidden"
        }

    assert set(foreign) - refused == set()
    assert stage.state() == before
    assert len(foreign) > 100


async def _ask_with(stage: Stage, operation: Operation, form: dict[str, Any]) -> Any:
    parts = REQUESTS[operation.id].parts(stage.ids) | {"json": None}
    parts["headers"] = {**parts["headers"], "content-type": "application/json"}
    path = operation.path.format(**stage.ids)
    answer = await stage.ask(
        operation.method, path, who="owner", content=write_json(form), **_without_json(parts)
    )
    stage.forget()
    return answer


def _without_json(parts: dict[str, Any]) -> dict[str, Any]:
    return {name: part for name, part in parts.items() if name != "json"}


def _fields_of(operation: Operation) -> set[str]:
    """Return the names that a form has, in any of its shapes."""
    described = DOCUMENT["paths"][operation.path][operation.method.lower()]["requestBody"]
    return set(_names(described["content"]["application/json"]["schema"]))


def _names(schema: dict[str, Any]) -> Iterator[str]:
    if "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    yield from schema.get("properties", {})
    for word in ("anyOf", "oneOf", "allOf"):
        for each in schema.get(word, ()):
            yield from _names(each)
