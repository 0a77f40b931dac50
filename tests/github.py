"""A real HTTP server on loopback that speaks GitHub's part of a sign-in, and misbehaves on demand.

It holds us to the protocol: the redirect address must be the registered one, a code works once,
and only with the verifier and the secret of the app that it was made for.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.services import free_port

CLIENT_ID = "Iv1.0123456789abcdef"
CLIENT_SECRET = "the secret of the app"


@dataclass(kw_only=True)
class Account:
    """Somebody at GitHub."""

    id: object = 583231
    login: str = "anapetrov"
    name: object = "Ana Petrov"
    email: str = "ana.petrov@example.org"
    primary: object = True
    verified: object = True

    @property
    def user(self) -> dict[str, object]:
        """What ``/user`` says; the address there is for show, and may be anything."""
        return {"id": self.id, "login": self.login, "name": self.name, "email": "me@show.example"}

    @property
    def addresses(self) -> list[dict[str, object]]:
        """What ``/user/emails`` says."""
        address = {"email": self.email, "primary": self.primary, "verified": self.verified}
        other = {"email": "old@example.org", "primary": False, "verified": True}
        return [other | {"visibility": None}, address | {"visibility": "private"}]


@dataclass
class _Grant:
    account: Account
    redirect_uri: str
    challenge: str


class _Server(ThreadingHTTPServer):
    daemon_threads = True


@dataclass
class GitHub:
    """GitHub with one person in front of it, who always says yes.

    Attributes:
        account: Who sits in front of it.
        callback: The registered address to come back to.
        answers: What is said in place of the proper answer, by path: status, headers and body.
        asked: Path and headers of each request of the API.
        tokens: What ``/login/oauth/access_token`` was sent.
        scopes: What was asked for, each time.
    """

    callback: str
    account: Account = field(default_factory=Account)
    port: int = field(default_factory=free_port)
    answers: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    drips: set[str] = field(default_factory=set)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    tokens: list[dict[str, str]] = field(default_factory=list)
    scopes: list[str] = field(default_factory=list)
    _grants: dict[str, _Grant] = field(default_factory=dict)
    _bearers: dict[str, Account] = field(default_factory=dict)
    _stopped: threading.Event = field(default_factory=threading.Event)
    _server: _Server | None = None

    @property
    def url(self) -> str:
        """Where it answers, pages and API alike."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> GitHub:
        """Listen."""
        github = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = urlsplit(self.path).path
                github.asked.append((path, dict(self.headers)))
                told = {k: v[0] for k, v in parse_qs(urlsplit(self.path).query).items()}
                self._answer(path, lambda: github._on_get(path, told, dict(self.headers)))

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length", "0"))
                body = self.rfile.read(length).decode()
                told = {key: values[0] for key, values in parse_qs(body).items()}
                path = urlsplit(self.path).path
                self._answer(path, lambda: github._on_post(path, told))

            def _answer(
                self, path: str, answer: Callable[[], tuple[int, dict[str, str], bytes]]
            ) -> None:
                status, headers, body = github.answers.get(path) or answer()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                try:
                    if path in github.drips:
                        github._drip(self.wfile.write, body)
                    else:
                        self.wfile.write(body)
                except OSError:
                    pass  # the other end has heard enough

            def log_message(self, *_: object) -> None:
                """Keep standard error for what matters."""

        self._server = _Server(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self) -> None:
        """Listen no longer."""
        self._stopped.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def approve(self, url: str, account: Account | None = None) -> str:
        """Return the address to which a browser is sent back that opened `url`.

        It is what the authorize page answers, without the way over the network: browsers of
        people go there, and no part of ours.
        """
        told = {key: values[0] for key, values in parse_qs(urlsplit(url).query).items()}
        status, headers, body = self._authorize(told, account or self.account)
        assert status == 302, body
        return headers["Location"]

    def _authorize(
        self, told: dict[str, str], account: Account
    ) -> tuple[int, dict[str, str], bytes]:
        is_ours = told.get("client_id") == CLIENT_ID and told.get("redirect_uri") == self.callback
        has_challenge = told.get("code_challenge_method") == "S256" and told.get("code_challenge")
        if not is_ours or not has_challenge or told.get("response_type") != "code":
            return 400, {}, b"This app asks in a way that it was not registered for."
        self.scopes.append(told.get("scope", ""))
        code = secrets.token_hex(10)
        self._grants[code] = _Grant(account, told["redirect_uri"], told["code_challenge"])
        query = urlencode({"code": code, "state": told["state"]})
        return 302, {"Location": f"{told['redirect_uri']}?{query}"}, b""

    def _on_get(
        self, path: str, told: dict[str, str], headers: dict[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        if path == "/login/oauth/authorize":
            return self._authorize(told, self.account)
        account = self._bearers.get(headers.get("Authorization", "").removeprefix("Bearer "))
        if account is None:
            return _json({"message": "Bad credentials"}, 401)
        if path == "/user":
            return _json(account.user)
        if path == "/user/emails":
            return _json(account.addresses)
        return _json({"message": "Not Found"}, 404)

    def _on_post(self, path: str, told: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        if path != "/login/oauth/access_token":
            return _json({"message": "Not Found"}, 404)
        self.tokens.append(told)
        if told.get("client_id") != CLIENT_ID or told.get("client_secret") != CLIENT_SECRET:
            return _json({"error": "incorrect_client_credentials"})
        # As GitHub does, a mistake is told with status 200.
        grant = self._grants.pop(told.get("code", ""), None)
        if grant is None or told.get("redirect_uri") != grant.redirect_uri:
            return _json({"error": "bad_verification_code"})
        digest = hashlib.sha256(told.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).decode().rstrip("=") != grant.challenge:
            return _json({"error": "bad_verification_code"})
        token = f"gho_{secrets.token_hex(18)}"
        self._bearers[token] = grant.account
        return _json({"access_token": token, "token_type": "bearer", "scope": "read:user"})

    def _drip(self, write: Callable[[bytes], Any], body: bytes) -> None:
        """Write a byte now and then, so that no single wait is long."""
        deadline = time.monotonic() + 30
        for at in range(len(body)):
            write(body[at : at + 1])
            if self._stopped.wait(0.05) or time.monotonic() > deadline:
                return


def _json(answer: object, status: int = 200) -> tuple[int, dict[str, str], bytes]:
    return status, {"Content-Type": "application/json"}, json.dumps(answer).encode()
