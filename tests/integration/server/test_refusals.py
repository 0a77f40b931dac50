"""What cannot work is refused when it is saved: each field with its code and a sentence."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from allgreen.server.app import create_app, open_platform
from allgreen.server.settings import Settings
from tests.api import ADDRESS, Person, fields, person_of, service_form, set_up

URL = "https://192.0.43.8/health"  # a number needs no look-up, and nothing is probed here


@pytest.fixture(scope="module")
async def owner(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Person]:
    """One for all of this module: nothing that is refused leaves a trace."""
    folder = tmp_path_factory.mktemp("refusals")
    settings = Settings(data_dir=folder, public_url=ADDRESS)
    async with (
        open_platform(settings, watches=False) as platform,
        person_of(create_app(platform, bundle=folder)) as client,
    ):
        yield await set_up(client, platform)


def check(**changes: object) -> dict[str, Any]:
    return {"checks": [{"url": URL} | changes]}


def expect(**changes: object) -> dict[str, Any]:
    return check(expectations=changes)


def value_rule(**changes: object) -> dict[str, Any]:
    rule = {"path": "$.db", "operator": "equals", "value": "ok"} | changes
    return expect(json_values=[{"path": "$", "operator": "exists", "value": ""}, rule])


def header(**changes: object) -> dict[str, Any]:
    return check(headers=[{"name": "Accept", "value": "*/*"}, changes])


def dns(**changes: object) -> dict[str, Any]:
    return {"checks": [{"kind": "dns", "name": "example.org"} | changes]}


def tcp(**changes: object) -> dict[str, Any]:
    return {"checks": [{"kind": "tcp", "host": "192.0.43.8", "port": 5432} | changes]}


def tls(**changes: object) -> dict[str, Any]:
    return {"checks": [{"kind": "tls", "host": "192.0.43.8"} | changes]}


def tree(expect: object) -> dict[str, Any]:
    return check(expectations={"expect": expect})


def nested(levels: int) -> dict[str, Any]:
    return {"status": "200"} if levels == 1 else {"not": nested(levels - 1)}


EXPECTED = "checks.0.expectations"
PATTERNS = [{"name": f"X-{n}", "operator": "matches", "value": "a"} for n in range(6)]
A_RECORD: dict[str, Any] = {"values": ["192.0.2.1"]}

OTHER_KINDS: list[tuple[dict[str, Any], str, str]] = [
    (dns(name=""), "checks.0.name", "name"),
    (dns(name="https://example.org/"), "checks.0.name", "name"),
    (dns(name="192.0.2.1"), "checks.0.name", "name"),
    (dns(name="exa mple.org"), "checks.0.name", "name"),
    (dns(name="a" * 301), "checks.0.name", "string_too_long"),
    (dns(record_type="ANY"), "checks.0.record_type", "enum"),
    (dns(record_type="a"), "checks.0.record_type", "enum"),
    (dns(server="dns.example.org"), "checks.0.server", "host"),
    (dns(server="127.0.0.1"), "checks.0.server", "blocked"),
    (dns(server="[fe80::1]:53"), "checks.0.server", "blocked"),
    (dns(server="192.0.43.8:0"), "checks.0.server", "host"),
    (dns(url=URL), "checks.0.url", "extra_forbidden"),
    (dns(expectations={"status": "200"}), f"{EXPECTED}.status", "not_for_kind"),
    (
        dns(expectations={"records": {"values": ["example.org"]}}),
        f"{EXPECTED}.records.values.0",
        "record",
    ),
    (dns(expectations={"records": {"values": []}}), f"{EXPECTED}.records.values", "too_short"),
    (
        dns(expectations={"records": A_RECORD | {"match": "some"}}),
        f"{EXPECTED}.records.match",
        "enum",
    ),
    (tcp(host=""), "checks.0.host", "host"),
    (tcp(host="https://example.org"), "checks.0.host", "host"),
    (tcp(host="example.org:22"), "checks.0.host", "host"),
    (tcp(host="127.0.0.1"), "checks.0.host", "blocked"),
    (tcp(host="localhost"), "checks.0.host", "blocked"),
    (tcp(host="2130706433"), "checks.0.host", "host"),
    (tcp(port=0), "checks.0.port", "greater_than_equal"),
    (tcp(port=65_536), "checks.0.port", "less_than_equal"),
    (tcp(port=None), "checks.0.port", "int_type"),
    (tcp(port=25, send="EHLO example.org\r\n"), "checks.0.host", "blocked"),
    (tcp(send="x" * 4097), "checks.0.send", "string_too_long"),
    (tcp(send="\ud800"), "checks.0.send", "string_unicode"),
    (tcp(expectations={"certificate_days": 14}), f"{EXPECTED}.certificate_days", "not_for_kind"),
    (tls(host="10.0.0.1"), "checks.0.host", "blocked"),
    (tls(server_name="exa mple"), "checks.0.server_name", "host"),
    (tls(expectations={"headers": PATTERNS[:1]}), f"{EXPECTED}.headers", "not_for_kind"),
    (tls(confirm_up=0), "checks.0.confirm_up", "greater_than_equal"),
    (tls(confirm_up=11), "checks.0.confirm_up", "less_than_equal"),
    (tls(upside_down="perhaps"), "checks.0.upside_down", "bool_parsing"),
]

RULES: list[tuple[dict[str, Any], str, str]] = [
    (expect(body_matches="("), f"{EXPECTED}.body_matches", "pattern"),
    (expect(body_matches="(a)\\1"), f"{EXPECTED}.body_matches", "pattern"),
    (expect(body_matches="(a{1,100}){1,100}"), f"{EXPECTED}.body_matches", "pattern"),
    (expect(body_matches="x" * 1025), f"{EXPECTED}.body_matches", "string_too_long"),
    (expect(headers=PATTERNS), EXPECTED, "patterns"),
    (
        expect(headers=[PATTERNS[0] | {"value": "["}]),
        f"{EXPECTED}.headers.0.value",
        "pattern",
    ),
    (expect(headers=[PATTERNS[0] | {"name": "a b"}]), f"{EXPECTED}.headers.0.name", "header"),
    (expect(headers=[PATTERNS[0] | {"name": ""}]), f"{EXPECTED}.headers.0.name", "header"),
    (
        expect(headers=[PATTERNS[0] | {"operator": "above"}]),
        f"{EXPECTED}.headers.0.operator",
        "enum",
    ),
    (expect(size={}), f"{EXPECTED}.size", "missing"),
    (expect(size={"at_least": 9, "at_most": 8}), f"{EXPECTED}.size.at_most", "below_at_least"),
    (expect(size={"at_most": 65_537}), f"{EXPECTED}.size.at_most", "less_than_equal"),
    (expect(records=A_RECORD), f"{EXPECTED}.records", "not_for_kind"),
    (tree({}), f"{EXPECTED}.expect", "invalid"),
    (tree({"status": "200", "certificate_days": 1}), f"{EXPECTED}.expect", "invalid"),
    (tree({"any_of": []}), f"{EXPECTED}.expect.any_of", "too_short"),
    (tree({"some_of": []}), f"{EXPECTED}.expect.some_of", "extra_forbidden"),
    (tree([]), f"{EXPECTED}.expect", "model_type"),
    (tree(nested(9)), f"{EXPECTED}.expect", "invalid"),
    (tree(nested(400)), f"{EXPECTED}.expect", "invalid"),
    (tree({"any_of": [{"status": "200"}] * 51}), f"{EXPECTED}.expect", "invalid"),
    (
        tree({"any_of": [{"all_of": [{"status": "200"}] * 26}] * 2}),
        f"{EXPECTED}.expect",
        "invalid",
    ),
    (
        tree({"not": {"any_of": [{"status": "fine"}]}}),
        f"{EXPECTED}.expect.not.any_of.0.status",
        "status",
    ),
    (
        tree({"all_of": [{"json_value": {"path": "x", "operator": "exists", "value": ""}}]}),
        f"{EXPECTED}.expect.all_of.0.json_value.path",
        "json_path",
    ),
    (
        tree({"all_of": [{"header": PATTERNS[0]}] * 6}),
        EXPECTED,
        "patterns",
    ),
    (
        expect(status="200", expect={"status": "404"}),
        f"{EXPECTED}.expect",
        "both",
    ),
]

REFUSALS: list[tuple[dict[str, Any], str, str]] = [
    ({"name": ""}, "name", "invalid"),
    ({"name": "x" * 81}, "name", "invalid"),
    ({"name": "\u202e\u200b"}, "name", "invalid"),
    ({"name": None}, "name", "string_type"),
    ({"name": "\ud800"}, "name", "invalid"),
    ({"checks": []}, "checks", "too_short"),
    ({"checks": [{}]}, "checks.0.url", "missing"),
    ({"checks": [{"url": URL, "kindd": "http"}]}, "checks.0.kindd", "extra_forbidden"),
    (check(url=""), "checks.0.url", "url"),
    (check(url="example.org"), "checks.0.url", "url"),
    (check(url="ftp://example.org/"), "checks.0.url", "url"),
    (check(url="file:///etc/passwd"), "checks.0.url", "url"),
    (check(url="http://user:pass@example.org/"), "checks.0.url", "url"),
    (check(url="http://example.org:0/"), "checks.0.url", "url"),
    (check(url="http://example.org:65536/"), "checks.0.url", "url"),
    (check(url="http://exa mple.org/"), "checks.0.url", "url"),
    (check(url="http://" + "a" * 3000 + ".org/"), "checks.0.url", "url"),
    (check(url="http://127.0.0.1/"), "checks.0.url", "blocked"),
    (check(url="http://[::1]/"), "checks.0.url", "blocked"),
    (check(url="http://169.254.169.254/latest/meta-data"), "checks.0.url", "blocked"),
    (check(url="http://192.0.43.8:25/"), "checks.0.url", "blocked"),
    (check(method="TRACE"), "checks.0.method", "enum"),
    (check(method="get"), "checks.0.method", "enum"),
    (check(kind="gopher"), "checks.0.kind", "enum"),
    (check(timeout_ms=499), "checks.0.timeout_ms", "greater_than_equal"),
    (check(timeout_ms=60_001), "checks.0.timeout_ms", "less_than_equal"),
    (check(timeout_ms=float("nan")), "checks.0.timeout_ms", "finite_number"),
    (check(timeout_ms=float("inf")), "checks.0.timeout_ms", "finite_number"),
    (check(timeout_ms="soon"), "checks.0.timeout_ms", "int_parsing"),
    (check(confirm_down=0), "checks.0.confirm_down", "greater_than_equal"),
    (check(confirm_down=11), "checks.0.confirm_down", "less_than_equal"),
    (check(verify_tls="perhaps"), "checks.0.verify_tls", "bool_parsing"),
    (check(id="01970000-0000-7000-8000-000000000001"), "checks.0.id", "unknown"),
    (check(body="x" * 65_537), "checks.0.body", "string_too_long"),
    (check(body="ä" * 40_000), "checks.0.body", "body"),
    (header(name="Bad Name", value="x"), "checks.0.headers.1.name", "header"),
    (header(name="Host", value="other.example"), "checks.0.headers.1.name", "header"),
    (header(name="Content-Length", value="1"), "checks.0.headers.1.name", "header"),
    (header(name="Metadata-Flavor", value="Google"), "checks.0.headers.1.name", "header"),
    (header(name="X-A", value="a\r\nX-B: b"), "checks.0.headers.1.value", "header"),
    (header(name="X-A", value="ä"), "checks.0.headers.1.value", "header"),
    (header(name="X-A", value=None), "checks.0.headers.1.value", "missing"),
    (header(name="accept", value="text/html"), "checks.0.headers.1.name", "twice"),
    (expect(status=""), "checks.0.expectations.status", "status"),
    (expect(status="ok"), "checks.0.expectations.status", "status"),
    (expect(status="700"), "checks.0.expectations.status", "status"),
    (expect(status="200;204"), "checks.0.expectations.status", "status"),
    (expect(body_contains="x" * 1001), "checks.0.expectations.body_contains", "string_too_long"),
    (expect(answers_within_ms=0), "checks.0.expectations.answers_within_ms", "greater_than_equal"),
    (
        expect(answers_within_ms=10_000),
        "checks.0.expectations.answers_within_ms",
        "not_below_timeout",
    ),
    (expect(certificate_days=0), "checks.0.expectations.certificate_days", "greater_than_equal"),
    (value_rule(path="db.state"), "checks.0.expectations.json_values.1.path", "json_path"),
    (value_rule(path=""), "checks.0.expectations.json_values.1.path", "json_path"),
    (value_rule(path="$["), "checks.0.expectations.json_values.1.path", "json_path"),
    (value_rule(operator="like"), "checks.0.expectations.json_values.1.operator", "enum"),
    (
        value_rule(operator="above", value="many"),
        "checks.0.expectations.json_values.1.value",
        "number",
    ),
    (
        value_rule(operator="below", value="NaN"),
        "checks.0.expectations.json_values.1.value",
        "number",
    ),
    ({"period": {"every": 0, "unit": "minutes"}}, "period.every", "greater_than_equal"),
    ({"period": {"every": 59, "unit": "seconds"}}, "period.every", "too_short"),
    ({"period": {"every": 53, "unit": "weeks"}}, "period.every", "too_long"),
    ({"period": {"every": 10**9, "unit": "weeks"}}, "period.every", "too_long"),
    ({"period": {"every": 10**30, "unit": "weeks"}}, "period.every", "less_than_equal"),
    ({"period": {"every": 1.5, "unit": "hours"}}, "period.every", "int_from_float"),
    ({"period": {"every": 5, "unit": "fortnights"}}, "period.unit", "enum"),
    ({"period": {"every": 5}}, "period.unit", "missing"),
    ({"recipients": [{"email": "a@b.example, c@d.example"}]}, "recipients.0.email", "email"),
    ({"recipients": [{"email": "nobody"}]}, "recipients.0.email", "email"),
    ({"recipients": [{"email": "a@b.example\r\nBcc: c@d.example"}]}, "recipients.0.email", "email"),
    ({"recipients": [{}]}, "recipients.0", "one_of"),
    ({"recipients": [{"email": "a@b.example", "account_id": "x"}]}, "recipients.0", "one_of"),
    ({"recipients": [{"account_id": "x"}]}, "recipients.0.account_id", "unknown"),
    (
        {"recipients": [{"email": "a@b.example"}, {"email": "A@B.example"}]},
        "recipients.1.email",
        "twice",
    ),
    ({"workspace_id": "other"}, "workspace_id", "extra_forbidden"),
    *OTHER_KINDS,
    *RULES,
]


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    REFUSALS,
    ids=[f"{f}-{c}-{n}" for n, (_, f, c) in enumerate(REFUSALS)],
)
async def test_a_field_that_cannot_work_is_refused_beside_itself(
    owner: Person, changes: dict[str, Any], field: str, code: str
) -> None:
    form = service_form(URL) | changes

    answer = await owner.client.post(
        f"{owner.workspace}/services",
        content=json.dumps(form),  # with NaN and lone surrogates, as others may send them
        headers={"content-type": "application/json"},
    )

    assert (answer.status_code, fields(answer)) == (422, {field: code})
    (error,) = answer.json()["errors"]
    assert len(error["message"]) > 10


async def test_everything_that_is_wrong_is_told_at_once(owner: Person) -> None:
    form = service_form("http://127.0.0.1/") | {
        "period": {"every": 1, "unit": "seconds"},
        "recipients": [{"email": "nobody"}],
    }
    form["checks"][0]["expectations"] = {"status": "fine"}

    answer = await owner.client.post(f"{owner.workspace}/services", json=form)

    assert fields(answer) == {
        "period.every": "too_short",
        "checks.0.url": "blocked",
        "checks.0.expectations.status": "status",
        "recipients.0.email": "email",
    }


async def test_nothing_of_a_refused_form_is_kept(owner: Person) -> None:
    form = service_form("http://127.0.0.1/")

    await owner.client.post(f"{owner.workspace}/services", json=form)

    assert (await owner.client.get(f"{owner.workspace}/services")).json()["items"] == []


async def test_a_preview_names_the_fields_of_the_check_itself(owner: Person) -> None:
    form = {"url": "nowhere", "expectations": {"status": "fine"}}

    answer = await owner.client.post(f"{owner.workspace}/preview", json=form)

    assert fields(answer) == {"url": "url", "expectations.status": "status"}


@pytest.mark.parametrize(
    ("form", "field", "code"),
    [
        ({"email": "eve"}, "email", "invalid"),
        ({"email": "a@b.example, c@d.example"}, "email", "invalid"),
        ({"password": "short"}, "password", "invalid"),
        ({"password": "x" * 129}, "password", "invalid"),
        ({"password": "aaaaaaaaaaaaaaaa"}, "password", "weak"),
        ({"password": "eve@example.net"}, "password", "weak"),
        ({"password": "qwertyuiopqwer"}, "password", "weak"),
        ({"name": "  "}, "name", "invalid"),
        ({"email": "ana@example.org"}, "email", "taken"),
        ({"instance_admin": True}, "instance_admin", "extra_forbidden"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_an_account_is_refused_beside_the_field(
    owner: Person, form: dict[str, Any], field: str, code: str
) -> None:
    whole = {"name": "Eve", "email": "eve@example.net", "password": "nine quiet otters"} | form

    answer = await owner.client.post("/api/v1/accounts", json=whole)

    assert (answer.status_code, fields(answer)) == (422, {field: code})
