"""Checks of every kind: kept as typed, edited as shown, and nothing secret shown again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from allgreen.domain.check import CheckKind, TcpOptions
from allgreen.domain.identity import ServiceId
from allgreen.domain.policy import Role
from allgreen.server.platform import Platform
from tests.api import Person, fields
from tests.integration.server.test_access import change_role

NOTHING: dict[str, Any] = {
    "status": "",
    "body_contains": None,
    "body_lacks": None,
    "body_matches": None,
    "headers": [],
    "size": None,
    "json_values": [],
    "certificate_days": None,
    "records": None,
    "answers_within_ms": None,
    "expect": None,
}
PATIENCE = {"timeout_ms": 5000, "confirm_down": 2, "confirm_up": 2, "upside_down": True}
KINDS: dict[str, dict[str, Any]] = {
    "http": {
        "kind": "http",
        "method": "GET",
        "url": "https://192.0.43.8/health",
        "headers": [],
        "body": None,
        "follow_redirects": True,
        "verify_tls": True,
        "expectations": {
            "status": "2xx",
            "body_lacks": "error",
            "body_matches": "queue: [0-9]+",
            "headers": [{"name": "Server", "operator": "contains", "value": "nginx"}],
            "size": {"at_least": 10, "at_most": 5000},
        },
    },
    "dns": {
        "kind": "dns",
        "name": "example.org",
        "record_type": "AAAA",
        "server": "192.0.43.8:5353",
        "expectations": {"records": {"values": ["2001:db8::1"], "match": "all"}},
    },
    "tcp": {
        "kind": "tcp",
        "host": "192.0.43.8",
        "port": 5432,
        "send": None,
        "expectations": {"body_contains": "ready", "answers_within_ms": 900},
    },
    "tls": {
        "kind": "tls",
        "host": "example.org",
        "port": 8443,
        "server_name": "www.example.org",
        "verify_tls": False,
        "expectations": {"certificate_days": 21},
    },
}
ADDRESSES = {
    "http": "192.0.43.8/health",
    "dns": "example.org AAAA",
    "tcp": "192.0.43.8:5432",
    "tls": "example.org:8443",
}


async def make(person: Person, *checks: dict[str, Any]) -> dict[str, Any]:
    form = {"name": "Checkout", "checks": list(checks)}
    answer = await person.client.post(f"{person.workspace}/services", json=form)
    assert answer.status_code == 201, answer.text
    service: dict[str, Any] = answer.json()
    return service


async def edit(person: Person, service: dict[str, Any], check: dict[str, Any]) -> Any:
    return await person.client.patch(
        f"/api/v1/services/{service['id']}",
        json={"checks": [check]},
        headers={"If-Match": f'"{service["version"]}"'},
    )


async def load(platform: Platform, service: dict[str, Any]) -> Any:
    async with platform.database.unit_of_work() as uow:
        return await uow.services.get(ServiceId(service["id"]))


def test_every_kind_is_tried_here() -> None:
    assert KINDS.keys() == {kind.value for kind in CheckKind}


@pytest.mark.parametrize("kind", KINDS)
async def test_a_check_comes_back_as_it_was_typed(owner: Person, kind: str) -> None:
    form = KINDS[kind] | PATIENCE

    service = await make(owner, form)

    (shown,) = service["checks"]
    assert shown == form | {
        "id": shown["id"],
        "expectations": NOTHING | KINDS[kind]["expectations"],
    }
    assert service["address"] == ADDRESSES[kind]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_check_that_is_sent_back_as_shown_stays_the_same(
    owner: Person, platform: Platform, kind: str
) -> None:
    service = await make(owner, KINDS[kind] | PATIENCE)
    before = (await load(platform, service)).checks[0]

    answer = await edit(owner, service, service["checks"][0])

    assert answer.status_code == 200, answer.text
    assert answer.json()["checks"] == service["checks"]
    assert (await load(platform, service)).checks[0] == before


@pytest.mark.parametrize("kind", KINDS)
async def test_a_check_needs_little_more_than_its_target(owner: Person, kind: str) -> None:
    needed: dict[str, dict[str, Any]] = {
        "http": {"url": "https://example.org/"},
        "dns": {"kind": "dns", "name": "Example.org."},
        "tcp": {"kind": "tcp", "host": "example.org", "port": 22},
        "tls": {"kind": "tls", "host": "example.org"},
    }

    service = await make(owner, needed[kind])

    (shown,) = service["checks"]
    assert shown["kind"] == kind
    assert shown["expectations"] == NOTHING | ({"status": "200"} if kind == "http" else {})
    assert (shown["confirm_down"], shown["confirm_up"], shown["upside_down"]) == (3, 1, False)


async def test_a_tree_comes_back_as_it_was_typed(owner: Person) -> None:
    header = {"name": "X-Cache", "operator": "matches", "value": "HIT|MISS"}
    tree = {
        "all_of": [
            {"any_of": [{"status": "200"}, {"status": "3xx"}]},
            {"not": {"body_contains": "error"}},
            {"any_of": [{"header": header}, {"size": {"at_least": 1, "at_most": None}}]},
        ]
    }
    service = await make(owner, KINDS["http"] | {"expectations": {"expect": tree}})

    shown = service["checks"][0]["expectations"]

    assert shown == NOTHING | {"expect": tree}
    assert (await edit(owner, service, service["checks"][0])).json()["checks"] == service["checks"]


async def test_checks_of_several_kinds_stand_side_by_side(owner: Person) -> None:
    service = await make(owner, *KINDS.values())

    listed = (await owner.client.get(f"{owner.workspace}/services")).json()["items"]

    assert [check["kind"] for check in service["checks"]] == list(KINDS)
    assert [row["address"] for row in listed] == [ADDRESSES["http"]]


async def test_a_check_can_become_one_of_another_kind(owner: Person, platform: Platform) -> None:
    service = await make(owner, KINDS["http"] | {"body": "canary-body", "method": "POST"})
    check = KINDS["tcp"] | {"id": service["checks"][0]["id"]}

    answer = await edit(owner, service, check)

    stored = (await load(platform, service)).checks[0]
    assert answer.status_code == 200, answer.text
    assert (stored.kind, stored.version) == (CheckKind.TCP, 2)
    assert stored.options == TcpOptions(hostname="192.0.43.8", port=5432)


SAYING = KINDS["tcp"] | {"send": "AUTH canary\r\n"}


async def test_what_is_sent_over_tcp_is_in_no_answer_and_not_in_the_file(
    owner: Person, platform: Platform, tmp_path: Path
) -> None:
    service = await make(owner, SAYING)

    answers = [service, (await owner.client.get(f"/api/v1/services/{service['id']}")).json()]
    await platform.database.close()
    files = read_all(tmp_path)

    assert "canary" not in str(answers)
    assert not [content for content in files if b"canary" in content]


def read_all(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize(("typed", "kept"), [(None, "AUTH canary\r\n"), ("", None), ("Q", "Q")])
async def test_what_is_sent_over_tcp_stays_until_something_else_is_typed(
    owner: Person, platform: Platform, typed: str | None, kept: str | None
) -> None:
    service = await make(owner, SAYING)

    answer = await edit(owner, service, service["checks"][0] | {"send": typed})

    stored = (await load(platform, service)).checks[0].options
    assert answer.status_code == 200, answer.text
    assert stored.send == kept


@pytest.mark.parametrize("change", [{"host": "192.0.43.9"}, {"port": 5433}])
async def test_what_is_sent_over_tcp_does_not_follow_the_check_to_another_place(
    owner: Person, change: dict[str, Any]
) -> None:
    service = await make(owner, SAYING)

    answer = await edit(owner, service, service["checks"][0] | change)

    assert fields(answer) == {"checks.0.send": "missing"}


async def test_an_observer_sees_no_text_that_is_looked_for(
    owner: Person, platform: Platform
) -> None:
    header = {"name": "X-Key", "operator": "equals", "value": "canary"}
    texts = {"body_contains": "canary", "body_lacks": "canary", "body_matches": "canary"}
    tree = {"any_of": [{"header": header}, {"not": {"body_matches": "canary"}}]}
    plain = KINDS["http"] | {"expectations": texts | {"headers": [header]}}
    service = await make(owner, plain, KINDS["http"] | {"expectations": {"expect": tree}})
    whole = await owner.client.get(f"/api/v1/services/{service['id']}")
    await change_role(platform, Role.OBSERVER)

    masked = await owner.client.get(f"/api/v1/services/{service['id']}")

    assert whole.text.count("canary") == 6
    assert masked.text.count("canary") == 0


async def test_the_history_tells_what_changed_without_its_texts(owner: Person) -> None:
    service = await make(owner, SAYING)
    expectations = {"body_contains": "canary", "body_matches": "canary"}
    check = service["checks"][0] | {"port": 5433, "send": "", "expectations": expectations}

    await edit(owner, service, check)

    figures = (await owner.client.get(f"/api/v1/services/{service['id']}/figures")).json()
    text = figures["changes"][0]["text"]
    assert "changed the request from TCP 192.0.43.8:5432 to TCP 192.0.43.8:5433" in text
    assert "a text in the body, a pattern in the body" in text
    assert "canary" not in text
