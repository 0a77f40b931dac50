"""Every letter that Allgreen writes, from realistic facts: ``python -m tests.mails --out DIR``.

Each becomes an ``.eml`` as it would go out, its HTML and its text; ``index.html`` shows them all as
a lock screen does: who, subject, and the first words.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import cache
from html import escape
from pathlib import Path
from typing import Any, Final

from allgreen.domain.facts import Facts
from allgreen.domain.identity import IncidentId, OutboxId, RecipientId, ServiceId, WorkspaceId
from allgreen.domain.mailing import compose
from allgreen.domain.notice import Channel, Notice, NoticeKind
from allgreen.notifiers.email import EmailNotifier
from allgreen.notifiers.letters import write_letter
from allgreen.notifiers.stationery import Letter, LetterLinks
from allgreen.server.links import ACCOUNT_FACT, LinkSigner, link_fact
from tests.letters import AT

PUBLIC_URL: Final = "https://allgreen.nordlys.example"
HOST: Final = "allgreen.nordlys.example"
_SOMEBODY: Final = "01970000-0000-7000-8000-000000000001"
_ZONE: Final = "Europe/Oslo"


@dataclass(frozen=True)
class Mail:
    """One mail of the gallery: what it says, and what goes over the wire."""

    name: str
    notice: Notice
    sent: datetime

    @property
    def letter(self) -> Letter:
        """What it says, before it is laid out."""
        return write_letter(self.notice, _links(self.notice), host=HOST, now=self.sent)

    @property
    def message(self) -> EmailMessage:
        """The whole mail."""
        return EmailNotifier(
            "smtp://127.0.0.1:25",
            public_url=PUBLIC_URL,
            links=_SIGNER.of_notice,
            clock=_Stopped(self.sent),
        ).compose(self.notice)

    @property
    def html(self) -> str:
        """The form with a layout."""
        return self._part("html")

    @property
    def text(self) -> str:
        """The plain form."""
        return self._part("plain")

    def _part(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        assert part is not None
        return str(part.get_content())


@cache
def gallery() -> tuple[Mail, ...]:
    """Return every mail, of each kind at least one."""
    return tuple(
        Mail(name, write(), AT + _SENT_AFTER.get(name, timedelta(seconds=1)))
        for name, write in _MAILS.items()
    )


def write_gallery(folder: Path) -> None:
    """Write every mail and a page that leads to them."""
    folder.mkdir(parents=True, exist_ok=True)
    for mail in gallery():
        (folder / f"{mail.name}.eml").write_bytes(mail.message.as_bytes())
        (folder / f"{mail.name}.html").write_text(mail.html, encoding="utf-8")
        (folder / f"{mail.name}.txt").write_text(mail.text, encoding="utf-8")
    (folder / "index.html").write_text(_INDEX.format("".join(_rows())), encoding="utf-8")


class _Stopped:
    """A clock that tells when the mail goes out."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at

    def monotonic(self) -> float:
        return 0.0


def _links(notice: Notice) -> LetterLinks:
    parts = tuple(map(_SIGNER.of_notice, notice.parts))
    return replace(_SIGNER.of_notice(notice), parts=parts)


def _rows() -> Iterator[str]:
    for mail in gallery():
        letter = mail.letter
        yield (
            f'<li><a href="{mail.name}.html"><b>Allgreen</b> {escape(letter.subject)}</a>'
            f'<p>{escape(letter.preview)}</p><a href="{mail.name}.txt">text</a> '
            f'<a href="{mail.name}.eml">eml</a> {len(mail.html.encode()):,} bytes</li>'
        )


# Facts ----------------------------------------------------------------------------------------


_OUTAGE: Final = Facts(
    service_name="Payments webhook",
    workspace_name="Nordlys Commerce",
    reason="503 instead of 202",
    message="Answered 503 instead of 202.",
    expected="202, $.accepted = true, within 800 ms",
    got="503 Service Unavailable, after 1,204 ms",
    request="POST https://hooks.nordlys.example/stripe",
    attempts=3,
    began_at=AT - timedelta(seconds=26),
    confirmed_at=AT,
    period="every minute",
    told_others=2,
    strip14="uuuuuuuupuuuud",
    zone=_ZONE,
)
_OVER: Final = replace(
    _OUTAGE,
    health="up",
    ended_at=AT,
    began_at=AT - timedelta(minutes=42, seconds=8),
    duration_s=2528,
)
_AMONG_PEOPLE: Final = Facts(
    workspace_name="Nordlys Commerce", actor="Jonas Berg", role="admin", zone=_ZONE
)


def _to_list(kind: NoticeKind, facts: Facts = _OUTAGE, *, number: int = 1, **more: Any) -> Notice:
    """Return a message to somebody on the list of a service."""
    values: dict[str, Any] = {
        "workspace_id": WorkspaceId(_id(1)),
        "service_id": ServiceId(_id(number)),
        "incident_id": IncidentId(_id(number)),
        "recipient_id": RecipientId(_id(1)),
    }
    return _notice(kind, facts, number=number, **(values | more))


def _to_admins(kind: NoticeKind, facts: Facts = _OUTAGE) -> Notice:
    """Return a message to those who look after a workspace."""
    return _to_list(kind, facts, recipient_id=None)


def _to_person(
    kind: NoticeKind, facts: Facts = _AMONG_PEOPLE, also: Mapping[str, object] | None = None
) -> Notice:
    """Return a message about an account or a workspace."""
    workspace_id = WorkspaceId(_id(1)) if facts.workspace_name else None
    notice = _notice(kind, facts, workspace_id=workspace_id)
    return replace(notice, facts={**notice.facts, **(also or {})})


def _notice(kind: NoticeKind, facts: Facts, *, number: int = 1, **more: Any) -> Notice:
    return Notice(
        id=OutboxId(_id(number)),
        key=f"{_id(number)}/{kind}/1/{_id(1)}/email",
        kind=kind,
        channel=Channel.EMAIL,
        address="sofia@nordlys.example",
        facts=facts.to_json(),
        created_at=AT,
        due_at=AT,
        **more,
    )


def _id(number: int) -> str:
    return f"01970000-0000-7000-8000-{number:012}"


def _digest() -> Notice:
    down = ("Payments webhook", "Checkout API", "Image CDN", "Storefront", "Search")
    parts = [
        *(
            _to_list(NoticeKind.DOWN, replace(_OUTAGE, service_name=name), number=number)
            for number, name in enumerate(down)
        ),
        _to_list(NoticeKind.UP, replace(_OVER, service_name="Invoice worker"), number=7),
        _to_list(NoticeKind.PAUSED, replace(_OVER, service_name="Partner docs"), number=8),
    ]
    return compose([replace(part, batch="digest/outbox-0/0") for part in parts])


def _was_down() -> Notice:
    end = _to_list(NoticeKind.UP, _OVER)
    begin = replace(_to_list(NoticeKind.DOWN), batch=end.key)
    return compose([begin, end])


_MAILS: Final[Mapping[str, Callable[[], Notice]]] = {
    "down": lambda: _to_list(NoticeKind.DOWN),
    "down-for-many": lambda: _to_list(
        NoticeKind.DOWN, replace(_OUTAGE, affected=("Checkout API", "Storefront"), strip14="n" * 14)
    ),
    "down-late": lambda: replace(_to_list(NoticeKind.DOWN), failed_at=AT),
    "down-long-names": lambda: _to_list(
        NoticeKind.DOWN,
        replace(
            _OUTAGE,
            service_name="Payments webhook of the customers in the Nordic countries, production 2",
            request="POST https://hooks.payments.eu-north-1.production.nordlys.example/v2/stripe/events",
        ),
    ),
    "reminder": lambda: _to_list(
        NoticeKind.REMINDER,
        replace(_OUTAGE, began_at=AT - timedelta(hours=2), duration_s=7200),
    ),
    "up": lambda: _to_list(NoticeKind.UP, _OVER),
    "was-down": _was_down,
    "flapping": lambda: _to_list(
        NoticeKind.FLAPPING, replace(_OUTAGE, turns=6, health="down", strip14="uuuuuuuupuuudd")
    ),
    "steady": lambda: _to_list(
        NoticeKind.STEADY, replace(_OVER, began_at=AT - timedelta(hours=1, minutes=40))
    ),
    "paused": lambda: _to_list(NoticeKind.PAUSED, _OVER),
    "reconfigured": lambda: _to_list(NoticeKind.RECONFIGURED, _OVER),
    "deleted": lambda: _to_list(NoticeKind.DELETED, _OVER),
    "digest": _digest,
    "blocked": lambda: _to_admins(
        NoticeKind.BLOCKED,
        replace(
            _OUTAGE,
            message="hooks.nordlys.example leads to 10.0.3.7, a private address.",
            told_others=0,
            strip14="",
        ),
    ),
    "parked": lambda: _to_admins(
        NoticeKind.PARKED, replace(_OUTAGE, message="Allgreen could not evaluate what it found.")
    ),
    "undelivered": lambda: _to_admins(
        NoticeKind.UNDELIVERED,
        replace(
            _OUTAGE,
            address="ops@harbour.example",
            reason="The mail server at mail.nordlys.example:25 refuses this mail: 550 no such user",
            incidents=3,
        ),
    ),
    "key-made": lambda: _to_person(
        NoticeKind.KEY_MADE, replace(_AMONG_PEOPLE, change="Deploys (…k3Qz), which may write")
    ),
    "recipient-lost": lambda: _to_admins(
        NoticeKind.RECIPIENT_LOST,
        replace(
            _OUTAGE,
            address="Amara Okafor",
            reason="Amara Okafor is no longer a member of Nordlys Commerce.",
        ),
    ),
    "offline": lambda: _to_person(
        NoticeKind.OFFLINE,
        Facts(
            reason="its own network was down",
            began_at=AT - timedelta(minutes=12),
            ended_at=AT,
            duration_s=720,
        ),
    ),
    "still-offline": lambda: _to_person(
        NoticeKind.OFFLINE,
        Facts(reason="its own network is down", began_at=AT - timedelta(minutes=5)),
    ),
    "disk-full": lambda: _to_person(NoticeKind.DISK_FULL, Facts(began_at=AT)),
    "confirm-recipient": lambda: _to_list(NoticeKind.CONFIRM_RECIPIENT),
    "verify-email": lambda: _to_person(NoticeKind.VERIFY_EMAIL, Facts(), {ACCOUNT_FACT: _SOMEBODY}),
    "reset-password": lambda: _to_person(
        NoticeKind.RESET_PASSWORD, Facts(), link_fact(_SOMEBODY, "stamp")
    ),
    "change-email": lambda: _to_person(
        NoticeKind.CHANGE_EMAIL, Facts(), link_fact(_SOMEBODY, "stamp")
    ),
    "account-changed": lambda: _to_person(
        NoticeKind.ACCOUNT_CHANGED, Facts(change="your password was changed")
    ),
    "invited": lambda: _to_person(NoticeKind.INVITED, also=link_fact(_SOMEBODY, "stamp")),
    "removed": lambda: _to_person(NoticeKind.REMOVED),
    "role-changed": lambda: _to_person(NoticeKind.ROLE_CHANGED),
    "offered": lambda: _to_person(NoticeKind.OFFERED),
    "workspace-deleted": lambda: _to_person(
        NoticeKind.WORKSPACE_DELETED, replace(_AMONG_PEOPLE, until=AT + timedelta(days=30))
    ),
}
_SENT_AFTER: Final = {"down-late": timedelta(hours=6)}
_SIGNER: Final = LinkSigner("0" * 64, PUBLIC_URL)
_INDEX: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark">
<meta name="viewport" content="width=device-width"><title>Mails</title>
<style>body{{font:15px/1.5 system-ui;max-width:40rem;margin:2rem auto;padding:0 1rem}}
li{{margin:0 0 1rem;overflow-wrap:anywhere}}p{{margin:0;opacity:.75}}</style></head>
<body><h1>Every mail</h1><ol>{}</ol></body></html>
"""


def main() -> None:
    """Write the gallery into a folder."""
    parser = argparse.ArgumentParser(prog="python -m tests.mails", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for the mails")
    write_gallery(parser.parse_args().out)


if __name__ == "__main__":
    main()
