"""Webhooks against a real receiver, and against none."""

from __future__ import annotations

import json
import logging
import os
import socket
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from allgreen.domain.status import ComponentStatus, HealthStatus
from allgreen.errors import DeliveryDelayedError, DeliveryRefusedError
from allgreen.health.checker.changes import Change, ChangeDetector, ChangeFeed
from allgreen.health.checker.webhooks import Webhook, is_signed
from tests.integration.health.peers import Reply, Seen, serving, silent
from tests.services import free_port

pytestmark = pytest.mark.semantics(68)

CHANGE = Change(
    id="c1",
    name="database",
    status=HealthStatus.UNHEALTHY,
    before=HealthStatus.HEALTHY,
    message="connection refused",
    at=1_772_452_800.25,
    failures=3,
    outage_s=20.0,
)


def wait_until_given_up(webhook: Webhook, count: int = 1) -> None:
    """Wait until a webhook has given up so many changes."""
    deadline = time.monotonic() + 10
    while webhook.publisher.failed < count:
        assert time.monotonic() < deadline, "it was never given up"
        time.sleep(0.001)


def test_a_change_is_posted_as_signed_json() -> None:
    with serving() as peer:
        webhook = Webhook(
            f"{peer.url}/hooks/1",
            secret="hunter2",
            headers={"Authorization": "Bearer abc"},
            application="shop",
            environment="production",
        )
        webhook.publish(CHANGE)
        seen = peer.next()
        webhook.close()

    assert (seen.method, seen.target) == ("POST", "/hooks/1")
    assert seen.headers["content-type"] == "application/json"
    assert seen.headers["authorization"] == "Bearer abc"
    assert is_signed("hunter2", seen.headers, seen.body)
    assert json.loads(seen.body) == {
        "id": "c1",
        "event": "unhealthy",
        "component": "database",
        "status": "unhealthy",
        "before": "healthy",
        "message": "connection refused",
        "at": "2026-03-02T12:00:00.250Z",
        "failures": 3,
        "outage_s": 20.0,
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "application": "shop",
        "environment": "production",
    }


def test_without_a_secret_nothing_is_signed() -> None:
    with serving() as peer:
        Webhook(peer.url).deliver(CHANGE)

        assert "x-allgreen-signature" not in peer.next().headers


def test_an_outage_and_its_end_are_posted_in_their_order() -> None:
    with serving() as peer:
        webhook = Webhook(peer.url)
        feed = ChangeFeed([webhook], ChangeDetector(failures=2))
        for letter in "huuuuhhhuuh":
            status = {"h": HealthStatus.HEALTHY, "u": HealthStatus.UNHEALTHY}[letter]
            feed.observe(ComponentStatus("cache", status))
        bodies = [json.loads(peer.next().body) for _ in range(4)]
        webhook.close()

    assert [body["event"] for body in bodies] == ["unhealthy", "recovered"] * 2
    assert [body["failures"] for body in bodies] == [2, 4, 2, 2]
    assert webhook.publisher.delivered == 4


def test_a_receiver_that_fails_twice_gets_the_same_change_a_third_time() -> None:
    replies = [Reply(503), Reply(429), Reply(204)]

    with serving(lambda _: replies.pop(0)) as peer:
        webhook = Webhook(peer.url, secret="hunter2", backoff_s=0.0)
        webhook.publish(CHANGE)
        seen = [peer.next() for _ in range(3)]
        webhook.close()

    assert len({one.body for one in seen}) == 1
    assert all(is_signed("hunter2", one.headers, one.body) for one in seen)
    assert webhook.publisher.delivered == 1


@pytest.mark.parametrize("status", [301, 400, 401, 404, 410])
def test_a_receiver_that_refuses_is_not_asked_again(status: int) -> None:
    with serving(lambda _: Reply(status, b"", {"Location": "/"})) as peer:
        webhook = Webhook(peer.url, backoff_s=0.0)
        webhook.publish(CHANGE)
        peer.next()
        wait_until_given_up(webhook)
        webhook.close()

        assert peer.seen.empty()


def test_whether_another_attempt_may_succeed_is_told() -> None:
    with serving(lambda _: Reply(500)) as peer, pytest.raises(DeliveryDelayedError, match="500"):
        Webhook(peer.url).deliver(CHANGE)
    with serving(lambda _: Reply(404)) as peer, pytest.raises(DeliveryRefusedError, match="404"):
        Webhook(peer.url).deliver(CHANGE)
    with pytest.raises(DeliveryDelayedError, match="ConnectionRefused"):
        Webhook(f"http://127.0.0.1:{free_port()}").deliver(CHANGE)


@pytest.mark.semantics("L9")
def test_a_receiver_that_never_answers_is_left_alone_on_shutdown() -> None:
    with silent() as url:
        webhook = Webhook(url)
        for _ in range(20):
            webhook.publish(CHANGE)

        webhook.close(timeout_s=0.05)

    assert webhook.publisher.delivered == 0


FORKING = """
import asyncio, os, sys
from allgreen.health.checker.checker import HealthChecker
from allgreen.health.checker.webhooks import Webhook

checker = HealthChecker(retry_count=0, publishers=[Webhook(sys.argv[1])])
checker.register_check("worker", lambda: len(sys.argv) == 2)

def look():
    asyncio.run(checker.check_all_components())
    found = checker.find_statistics("worker")
    print(os.getpid(), found.status.value, found.runs, flush=True)

look()
for state in ("unhealthy", "healthy"):
    child = os.fork()
    if not child:
        sys.argv += ["broken"] * (state == "unhealthy")
        look()
        checker.close()
        os._exit(0)
    os.waitpid(child, 0)
look()
"""


@pytest.mark.semantics(70, "L13")
def test_each_process_of_a_server_tells_what_it_found_itself() -> None:
    with serving() as peer:
        ended = subprocess.run(
            [sys.executable, "-c", FORKING, peer.url], capture_output=True, text=True, check=False
        )
        body = json.loads(peer.next().body)

        assert peer.seen.empty()
    parent, broken, recycled, after = (line.split() for line in ended.stdout.splitlines())
    assert [one[1:] for one in (parent, broken, recycled, after)] == [
        ["healthy", "1"],
        ["unhealthy", "2"],
        ["healthy", "2"],
        ["healthy", "2"],
    ]
    assert (body["event"], body["pid"]) == ("unhealthy", int(broken[0]))


@pytest.mark.semantics("L11", 57)
def test_no_secret_reaches_a_receiver_or_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    leaky = replace(CHANGE, message="OperationalError: postgres://shop:hunter2@db/shop")

    def answer(seen: Seen) -> Reply:
        return Reply(500 if b"first" not in seen.body else 200)

    with serving(answer) as peer:
        webhook = Webhook(f"{peer.url}/hunter2", secret="hunter2", attempts=1)
        webhook.publish(leaky)
        seen = peer.next()
        wait_until_given_up(webhook)
        webhook.close()

    assert b"hunter2" not in seen.body
    assert "hunter2" not in caplog.text
    assert caplog.records
