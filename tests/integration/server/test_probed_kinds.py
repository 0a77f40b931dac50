"""Checks of every kind, from the API over the real platform to a real peer and back."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.integration.outbound.dns_stub import NO_SUCH_NAME, Answer, scripted_dns
from tests.integration.outbound.targets import OK, Visit, listen, saying
from tests.platform import Person, Platform

pytestmark = pytest.mark.timeout(120)

NAME = "orders.nordlys.example"


async def greets(visit: Visit) -> None:
    await visit.say(b"220 mail.nordlys.example ready\r\n")
    await visit.reader.read()


def any_certificate() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert(NAME).configure_cert(context)
    return context


def know(name: str, kind: str) -> Answer:
    if name != NAME:
        return NO_SUCH_NAME
    return Answer(records=("127.0.0.1",)) if kind == "A" else Answer()


async def add(person: Person, name: str, check: dict[str, Any]) -> str:
    service = await asyncio.to_thread(
        person.post,
        f"/workspaces/{person.workspace_id}/services",
        name=name,
        checks=[check],
        period={"every": 1, "unit": "minutes"},
        recipients=[],
    )
    return str(service["id"])


async def first_results(person: Person, services: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Return the first result of each service, once there are all."""
    found: dict[str, dict[str, Any]] = {}
    async with asyncio.timeout(60):
        while len(found) < len(services):
            for name, service_id in services.items():
                path = f"/services/{service_id}/results"
                items = (await asyncio.to_thread(person.get, path))["items"]
                if items:
                    found[name] = items[-1]
            await asyncio.sleep(0.1)
    return found


async def test_every_kind_runs_on_the_platform_and_in_previews(tmp_path: Path) -> None:
    async with (
        scripted_dns(know) as dns,
        listen(saying(OK)) as web,
        listen(greets, reads_head=False) as mail,
        listen(greets, tls=any_certificate(), reads_head=False) as secure,
    ):
        found_there = {"records": {"values": ["127.0.0.1"], "match": "exactly"}}
        tcp = {"kind": "tcp", "host": NAME, "port": mail.port}
        tls = {"kind": "tls", "host": NAME, "port": secure.port}
        wanted: dict[str, tuple[dict[str, Any], str]] = {
            "http": ({"kind": "http", "url": f"http://{NAME}:{web.port}/"}, "ok"),
            "dns": ({"kind": "dns", "name": NAME, "expectations": found_there}, "ok"),
            "dns, gone": ({"kind": "dns", "name": "gone.nordlys.example"}, "fail"),
            "dns, their server": ({"kind": "dns", "name": NAME, "server": dns.address}, "ok"),
            "tcp": ({**tcp, "expectations": {"body_contains": "220 "}}, "ok"),
            "tcp, upside down": ({**tcp, "upside_down": True}, "fail"),
            "tls": ({**tls, "verify_tls": False, "expectations": {"certificate_days": 1}}, "ok"),
            "tls, not vouched for": (tls, "fail"),
        }
        settings = {"ALLGREEN_ALLOW_TARGETS": "127.0.0.1:*", "ALLGREEN_RESOLVER": dns.address}
        platform = await asyncio.to_thread(Platform(tmp_path / "data", settings).start)
        try:
            person = await asyncio.to_thread(Person(platform).set_up)
            preview = f"/workspaces/{person.workspace_id}/preview"
            services, previews = {}, {}
            for name, (check, _) in wanted.items():
                services[name] = await add(person, name, check)
                previews[name] = await asyncio.to_thread(person.post, preview, **check)
            results = await first_results(person, services)
        finally:
            await asyncio.to_thread(platform.stop)

    expected = {name: outcome for name, (_, outcome) in wanted.items()}
    assert {name: result["outcome"] for name, result in results.items()} == expected
    assert "gone.nordlys.example does not exist" in results["dns, gone"]["message"]
    assert "no known authority" in results["tls, not vouched for"]["message"]
    assert {name: preview["outcome"] for name, preview in previews.items()} == expected
    assert "220 mail.nordlys.example" in previews["tcp"]["body_excerpt"]
