"""A stage for what is broken: the real platform, a real mail server, real targets, one person."""

from __future__ import annotations

import contextlib
import re
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from tests.faults.flipping import FlippingServer, now_s
from tests.mail import ReceivedMail, SmtpServer, SmtpSink
from tests.platform import Person, Platform, an_http_check

DELAY_SCALE = 0.02
"""Quick re-probes after 0.1 and 0.3 s instead of 5 and 15 s."""
LOGS = Path(__file__).parents[2] / ".dev/faults"
_CONFIRMATION = re.compile(r"https?://\S+/confirm/\S+")
_WAIT = threading.Event()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Everything of one run; `opened` makes and ends it."""

    platform: Platform
    post: SmtpServer
    sink: SmtpSink
    target: FlippingServer

    @classmethod
    @contextlib.contextmanager
    def opened(cls, name: str, settings: Mapping[str, str] | None = None) -> Iterator[Stage]:
        """Set it up from an empty folder, with nothing started but mail server and targets.

        The platform's log and database are kept under `name`: they are the first things to read
        when a promise was broken.
        """
        with tempfile.TemporaryDirectory(prefix=f"allgreen-{name}-") as folder:
            post, target = SmtpServer(), FlippingServer().start()
            sink = post.start()
            platform = Platform(
                Path(folder) / "data", {**_settings(sink, target), **(settings or {})}
            )
            try:
                yield cls(platform=platform, post=post, sink=sink, target=target)
            finally:
                _end(platform, LOGS / f"{name}.log")
                post.stop()
                target.stop()

    def url(self, path: str) -> str:
        """Return where a path of the target is."""
        return f"http://127.0.0.1:{self.target.port}{path}"

    def watch(
        self,
        person: Person,
        path: str,
        *,
        addresses: Iterable[str],
        every_s: int = 1,
        **check: Any,
    ) -> str:
        """Have a path of the target watched, and return the service's id."""
        service: dict[str, Any] = person.post(
            f"/workspaces/{person.workspace_id}/services",
            name=path.strip("/"),
            checks=[an_http_check(self.url(path), **check)],
            period={"every": every_s, "unit": "seconds"},
            recipients=[{"email": address} for address in addresses],
        )
        return str(service["id"])

    def confirm(self, addresses: Iterable[str], *, within_s: float = 60) -> None:
        """Have addresses agree to be told, by the link that each was sent.

        Raises:
            TimeoutError: when somebody was not asked in time.
        """
        waiting, deadline = set(addresses), now_s() + within_s
        with httpx2.Client(trust_env=False, timeout=30) as http:
            while waiting and now_s() < deadline:
                for mail in self.sink.mails:
                    link = _CONFIRMATION.search(mail.text)
                    (address,) = mail.recipients
                    if link and address in waiting:
                        _agree(http, link.group(), self.platform.address)
                        waiting.discard(address)
                _WAIT.wait(0.2)
        if waiting:
            raise TimeoutError(f"{len(waiting)} addresses were not asked")

    def mails_to(self, address: str) -> list[ReceivedMail]:
        """Return what lies in a mailbox about services, oldest first."""
        return [mail for mail in self.news if address in mail.recipients]

    @property
    def news(self) -> list[ReceivedMail]:
        """Return what lies in all mailboxes but what belongs to accounts and lists."""
        return [mail for mail in self.sink.mails if kind_of(mail) not in _ACCOUNTS]


_ACCOUNTS = {"verify_email", "confirm_recipient"}


def kind_of(mail: ReceivedMail) -> str:
    """Return what a mail is about, such as ``down``."""
    return str(mail.message["X-Allgreen-Event"]).rpartition("/")[2]


def message_id_of(mail: ReceivedMail) -> str:
    """Return what makes two copies of a mail the same one."""
    return str(mail.message["Message-ID"])


def wait_until(is_so: Callable[[], bool], *, within_s: float, every_s: float = 0.2) -> bool:
    """Wait for something, and tell whether it came in time."""
    deadline = now_s() + within_s
    while not (result := is_so()) and now_s() < deadline:
        _WAIT.wait(every_s)
    return result


def pause(seconds: float) -> None:
    """Let the platform work for a while."""
    _WAIT.wait(seconds)


def _agree(http: httpx2.Client, link: str, origin: str) -> None:
    http.post(link, headers={"Origin": origin}).raise_for_status()


def _settings(sink: SmtpSink, target: FlippingServer) -> dict[str, str]:
    return {
        "ALLGREEN_ENV": "test",
        "ALLGREEN_SMTP_URL": f"smtp://{sink.host}:{sink.port}",
        "ALLGREEN_ALLOW_TARGETS": f"127.0.0.1:{target.port}",
        "ALLGREEN_MIN_INTERVAL_S": "1",
        "ALLGREEN_BACKOFF_SCALE": str(DELAY_SCALE),
    }


def _end(platform: Platform, log: Path) -> None:
    if platform.process is not None:
        platform.kill()
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(platform.log, encoding="utf-8")
        for file in platform.data_dir.glob("allgreen.db*"):
            shutil.copy(file, log.with_suffix(file.suffix))
