"""A platform as somebody would find it after months: workspaces, people, services in every state."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

from tests.faults.stage import wait_until
from tests.history import Past, write_history
from tests.mail import SmtpServer, SmtpSink
from tests.platform import PASSWORD, Person, Platform
from tests.target import Target

CLOSED_PORT: Final = 9
SLOW_MS: Final = 120
_SOON_S: Final = 60.0
_SLUG: Final = "nordlys"

PASTS: Final = (
    Past(name="Payments webhook", outages=((57, 14), (55, 2), (5.4, 7.8)), median_ms=230),
    Past(name="Image CDN", outages=((78, 0.5), (46, 1), (44, 4)), slow=((1, 3),)),
    Past(name="Checkout API", outages=((53, 3), (52, 7), (29, 0.7)), median_ms=184),
    Past(name="Storefront", median_ms=96),
    Past(name="Search", outages=((82, 1), (61, 16), (60, 7), (59, 1)), median_ms=120),
    Past(name="ERP bridge", outages=((50, 1),)),
    Past(name="Invoice worker", days=12, outages=((4, 1),), median_ms=129),
    Past(name="Partner docs", outages=((86, 1),)),
)


@dataclass
class World:
    """The platform, who is there, and where things are."""

    platform: Platform
    sofia: Person
    amara: Person
    smtp: SmtpSink
    services: dict[str, str]
    incident_id: str
    empty_workspace_id: str
    invite_token: str
    places: dict[str, str] = field(init=False)
    """What stands in the paths of screens."""

    def __post_init__(self) -> None:
        self.places = {
            "workspace": self.sofia.workspace_id,
            "empty": self.empty_workspace_id,
            "service": self.services["Payments webhook"],
            "quiet": self.services["Checkout API"],
            "incident": self.incident_id,
            "person": self.sofia.get("/me")["id"],
            "slug": _SLUG,
            "invitation": self.invite_token,
        }


@contextmanager
def open_world(folder: Path) -> Iterator[World]:
    """Run the platform while somebody looks at it."""
    target, slow, smtp = Target().start(), _SlowTarget().start(), SmtpServer()
    sink = smtp.start()
    settings = {
        "ALLGREEN_SMTP_URL": f"smtp://{sink.host}:{sink.port}",
        "ALLGREEN_ALLOW_TARGETS": ",".join(
            f"127.0.0.1:{port}" for port in (target.port, slow.port, CLOSED_PORT)
        ),
        "ALLGREEN_MIN_INTERVAL_S": "1",
        "ALLGREEN_BACKOFF_SCALE": "0.05",
    }
    platform = Platform(folder / "data", settings).start()
    try:
        yield _furnish(platform, sink, target, slow)
    finally:
        platform.stop()
        smtp.stop()
        slow.stop()
        target.stop()


def _furnish(platform: Platform, smtp: SmtpSink, target: Target, slow: _SlowTarget) -> World:
    sofia = Person(platform).set_up(workspace="Nordlys Commerce")
    services = {past.name: _watch(sofia, past.name, target, slow) for past in PASTS}
    jonas = _join(sofia, smtp, "Jonas Berg", "jonas@nordlys.example", role="admin")
    amara = _join(sofia, smtp, "Amara Okafor", "amara@nordlys.example", role="observer")
    _ask(sofia, "lena@fjord.example", "observer")
    _fill_up_people(sofia, jonas)
    empty = sofia.post("/workspaces", name="Weekend things")["id"]

    platform.stop()
    write_history(platform.data_dir, PASTS, datetime.now(UTC))
    platform.start()

    sofia.post(f"/services/{services['Partner docs']}/pause")
    _maintain(sofia, services["ERP bridge"])
    _publish(sofia, list(services.values()))
    down = f"/services/{services['Payments webhook']}"
    assert wait_until(lambda: sofia.get(down)["shown"] == "down", within_s=_SOON_S)
    late = f"/services/{services['Image CDN']}"
    assert wait_until(lambda: sofia.get(late)["shown"] == "degraded", within_s=_SOON_S)
    (incident, *_) = sofia.get(f"{down}/incidents")["items"]
    return World(
        platform=platform,
        sofia=sofia,
        amara=amara,
        smtp=smtp,
        services=services,
        incident_id=incident["id"],
        empty_workspace_id=empty,
        invite_token=_token_to(smtp, "lena@fjord.example"),
    )


def _watch(sofia: Person, name: str, target: Target, slow: _SlowTarget) -> str:
    fails, is_slow = name == "Payments webhook", name == "Image CDN"
    closed = f"http://127.0.0.1:{CLOSED_PORT}/stripe"
    url = closed if fails else slow.url if is_slow else target.url
    within = {"answers_within_ms": SLOW_MS // 2 if is_slow else 800}
    service = sofia.watch(name, url, every_s=2 if fails or is_slow else 60, expectations=within)
    return str(service["id"])


def _ask(owner: Person, email: str, role: str) -> None:
    owner.post(f"/workspaces/{owner.workspace_id}/invitations", email=email, role=role)


def _join(owner: Person, smtp: SmtpSink, name: str, email: str, *, role: str) -> Person:
    """Invite somebody who registers by the link in the mail."""
    _ask(owner, email, role)
    guest = Person(owner.platform, email=email)
    token = _token_to(smtp, email)
    guest.post("/accounts", name=name, email=email, password=PASSWORD, invitation=token)
    guest.post("/session", email=email, password=PASSWORD, keep=False)
    guest.workspace_id = owner.workspace_id
    return guest


def _token_to(smtp: SmtpSink, email: str) -> str:
    mail = smtp.wait_for_mail_to(email, "invited you")
    found = re.search(r"https?://\S+/invite/(\S+)", mail.text)
    assert found, mail.text
    return found.group(1)


def _fill_up_people(sofia: Person, jonas: Person) -> None:
    """Let there be a profile, a key, and an invitation to somewhere else."""
    profile = {
        "name": "Sofia",
        "surname": "Lindqvist",
        "pronouns": "she/her",
        "city": "Göteborg",
        "bio": "Keeps payments boring. Usually the first one awake.",
        "github": "sofialin",
        "linkedin": "sofia-lindqvist",
        "website": "https://sofialindqvist.example",
        "visibility": "public",
    }
    sofia.http.put("/account/profile", json=profile).raise_for_status()
    sofia.post(f"/workspaces/{sofia.workspace_id}/keys", name="Deploy script", scope="write")
    harbour = jonas.post("/workspaces", name="Harbour Tools")["id"]
    jonas.post(f"/workspaces/{harbour}/invitations", email=sofia.email, role="admin")


def _maintain(sofia: Person, service_id: str) -> None:
    now = datetime.now(UTC) - timedelta(minutes=1)
    sofia.post(
        f"/workspaces/{sofia.workspace_id}/maintenance-windows",
        name="Move of the database",
        zone="UTC",
        service_ids=[service_id],
        first=f"{now:%Y-%m-%d}",
        at=f"{now:%H:%M}",
        duration_minutes=600,
    )


def _publish(sofia: Person, service_ids: list[str]) -> None:
    path = f"/workspaces/{sofia.workspace_id}/status-page"
    tag = {"If-Match": f'"{sofia.get(path)["version"]}"'}
    page = {
        "slug": _SLUG,
        "is_published": True,
        "about": "Orders are **saved** even while payments wait.",
        "website": "https://www.nordlys.example/shop",
        "service_ids": service_ids,
    }
    sofia.http.patch(path, json=page, headers=tag).raise_for_status()


class _SlowTarget:
    """Answers every GET, but only after a while."""

    def __init__(self) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                threading.Event().wait(SLOW_MS / 1000)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Keep standard error for what matters."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_port)
        self.url = f"http://127.0.0.1:{self.port}/image"

    def start(self) -> _SlowTarget:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self) -> None:
        self._server.shutdown()
        with closing(self._server.socket):
            self._server.server_close()
