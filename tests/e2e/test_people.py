"""People of every role at one workspace, by the API and by real mail."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.mail import ReceivedMail, SmtpSink
from tests.platform import PASSWORD, Person, Platform
from tests.target import Target

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

OWNER, ADMIN, OBSERVER = "ana@harbour.example", "ben@fjord.example", "cleo@fjord.example"
OUTSIDER, NEVER_ASKED = "dora@elsewhere.example", "eve@nowhere.example"
# Attempts at 0, 5 and 15 s after a slot of a 2 s period, and a little for the mail.
TOLD_WITHIN_S = 25
SHOWN_WITHIN_S = 10


@pytest.fixture
def target() -> Iterator[Target]:
    server = Target().start()
    yield server
    server.stop()


@pytest.fixture
def platform(tmp_path: Path, smtp_sink: SmtpSink, target: Target) -> Iterator[Platform]:
    settings = {
        "ALLGREEN_SMTP_URL": f"smtp://{smtp_sink.host}:{smtp_sink.port}",
        "ALLGREEN_ALLOW_TARGETS": f"127.0.0.1:{target.port}",
        "ALLGREEN_MIN_INTERVAL_S": "1",
    }
    running = Platform(tmp_path / "data", settings).start()
    yield running
    assert running.stop() == 0


def test_everybody_hears_and_sees_what_is_theirs(
    platform: Platform, target: Target, smtp_sink: SmtpSink
) -> None:
    Person(platform, email="root@harbour.example").set_up()
    stranger, anybody = Person(platform, email=OUTSIDER), Person(platform, email=NEVER_ASKED)
    register(stranger, smtp_sink)

    owner = Person(platform, email=OWNER)
    register(owner, smtp_sink)
    owner.workspace_id = owner.post("/workspaces", name="Harbour")["id"]
    admin = join(owner, Person(platform, email=ADMIN), smtp_sink)
    observer = join(owner, Person(platform, email=OBSERVER), smtp_sink)
    promote(owner, admin, smtp_sink)

    service = admin.watch("Orders", target.url, every_s=2)
    listed = f"/services/{service['id']}"
    owner.http.put(f"{listed}/subscription").raise_for_status()
    assert status_of(observer, listed) == 200
    assert status_of(observer, f"{listed}/pause", "POST") == 403
    assert status_of(stranger, listed) == 404
    assert status_of(anybody, listed) == 401

    page = publish(owner)
    target.stop()
    told = smtp_sink.wait_for_mails_of("/down", 2, within_s=TOLD_WITHIN_S)
    assert sorted(address for mail in told for address in mail.recipients) == [OWNER, ADMIN]
    assert owner.get(listed)["health"] == "down"
    assert "Orders" in wait_for_page(platform, page, shows="is down")

    unpublish(owner)
    assert page_of(platform, page).status_code == 404
    target.start()
    told = smtp_sink.wait_for_mails_of("/up", 2, within_s=TOLD_WITHIN_S)
    assert sorted(address for mail in told for address in mail.recipients) == [OWNER, ADMIN]

    remove(owner, admin, smtp_sink)
    assert status_of(admin, listed) == 404
    assert [each["email"] for each in owner.get(listed)["recipients"]] == [OWNER]


def register(person: Person, sink: SmtpSink, *, invitation: str | None = None) -> None:
    """Make an account; without an invitation its address is proven by a mail."""
    form: dict[str, Any] = {"name": name_of(person), "email": person.email, "password": PASSWORD}
    if invitation is not None:
        form["invitation"] = invitation
    person.post("/accounts", **form)
    if invitation is None:
        mail = sink.wait_for_mail_to(person.email, "Is this your address?")
        typed = {"password": PASSWORD}
        link = link_in(mail, "verify")
        answer = person.http.post(link, data=typed, headers={"Origin": "null"})
        assert answer.status_code == 200, answer.text
    person.post("/session", email=person.email, password=PASSWORD, keep=False)


def join(owner: Person, guest: Person, sink: SmtpSink) -> Person:
    """Invite somebody without an account, who registers from the mail."""
    owner.post(f"/workspaces/{owner.workspace_id}/invitations", email=guest.email, role="observer")
    mail = sink.wait_for_mail_to(guest.email, "invited you to Harbour")
    token = link_in(mail, "invite").rpartition("/")[2]
    seen = guest.post("/invitations/look", token=token)
    assert (seen["workspace_name"], seen["role"]) == ("Harbour", "observer")

    register(guest, sink, invitation=token)

    guest.workspace_id = owner.workspace_id
    assert guest.get(f"/workspaces/{guest.workspace_id}")["role"] == "observer"
    return guest


def promote(owner: Person, member: Person, sink: SmtpSink) -> None:
    """Make an observer an admin, which they are told."""
    path = f"/workspaces/{owner.workspace_id}/members/{id_of(owner, member)}"
    answer = owner.http.patch(path, json={"role": "admin"})
    assert answer.is_success, answer.text
    sink.wait_for_mail_to(member.email, "You are an admin of Harbour now")


def remove(owner: Person, member: Person, sink: SmtpSink) -> None:
    """Take a member out, which they are told."""
    path = f"/workspaces/{owner.workspace_id}/members/{id_of(owner, member)}"
    assert owner.http.delete(path).is_success
    sink.wait_for_mail_to(member.email, "You are no longer a member of Harbour")


def publish(owner: Person) -> str:
    """Publish the status page, and return its path."""
    path = f"/workspaces/{owner.workspace_id}/status-page"
    change(owner, path, slug="harbour-status", is_published=True)
    return "/status/harbour-status"


def unpublish(owner: Person) -> None:
    change(owner, f"/workspaces/{owner.workspace_id}/status-page", is_published=False)


def change(person: Person, path: str, **changes: Any) -> None:
    """Change a versioned object as it is now."""
    tag = person.http.get(path).raise_for_status().headers["ETag"]
    answer = person.http.patch(path, json=changes, headers={"If-Match": tag})
    assert answer.is_success, answer.text


def page_of(platform: Platform, path: str) -> httpx2.Response:
    """Read a page as somebody who never signed in."""
    return httpx2.get(f"{platform.address}{path}", trust_env=False)


def wait_for_page(platform: Platform, path: str, *, shows: str) -> str:
    """Read a page until it shows something; it may be some seconds old."""
    until = time.monotonic() + SHOWN_WITHIN_S
    text = ""
    while shows not in text and time.monotonic() < until:
        text = page_of(platform, path).text
    assert shows in text
    return text


def status_of(person: Person, path: str, method: str = "GET") -> int:
    return person.http.request(method, path).status_code


def id_of(owner: Person, member: Person) -> str:
    people = owner.get(f"/workspaces/{owner.workspace_id}/members")["items"]
    return next(str(each["account_id"]) for each in people if each["email"] == member.email)


def name_of(person: Person) -> str:
    return person.email.partition("@")[0].capitalize()


def link_in(mail: ReceivedMail, path: str) -> str:
    found = re.search(rf"https?://\S+/{path}/\S+", mail.text)
    assert found, mail.text
    return found.group()
