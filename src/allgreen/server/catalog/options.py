"""Between the form and what a check asks: addresses are vetted, and secrets kept or asked for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from allgreen.domain.check import (
    Check,
    CheckKind,
    DnsOptions,
    HttpOptions,
    Options,
    TcpOptions,
    TlsOptions,
)
from allgreen.errors import TargetBlockedError
from allgreen.outbound.endpoint import (
    Endpoint,
    parse_dns_server,
    parse_domain_name,
    parse_endpoint,
    written_place,
)
from allgreen.outbound.guard import MAIL_PORTS, NO_PORTS, TargetGuard
from allgreen.outbound.request import validate_body, validate_headers
from allgreen.outbound.url import Target, parse_target
from allgreen.server.catalog.check_schemas import (
    CheckInput,
    DnsCheckInput,
    Header,
    HttpCheckInput,
    TcpCheckInput,
    TlsCheckInput,
)
from allgreen.server.catalog.mistakes import Problems, join

_MOVED = "The address leads to another host now."


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionsReader:
    """Reads what a check asks; what is wrong with it is noted below `under`.

    Attributes:
        old: The check that is edited; its secrets can be kept.
    """

    guard: TargetGuard
    problems: Problems
    under: str
    old: Check | None

    def read(self, form: CheckInput) -> Options:
        """Return the options of a form; those with a problem are not to be used."""
        match form:
            case HttpCheckInput():
                return self._http(form)
            case DnsCheckInput():
                return self._dns(form)
            case TcpCheckInput():
                return self._tcp(form)
            case TlsCheckInput():
                return self._tls(form)

    def _http(self, form: HttpCheckInput) -> HttpOptions:
        old = self.old.options if self.old else None
        stored = old if isinstance(old, HttpOptions) else None
        target = self._url(form.url)
        return HttpOptions(
            method=form.method.value,
            url=form.url,
            headers=self._headers(form.headers, stored, target),
            body=self._body(form.body, stored, target),
            follow_redirects=form.follow_redirects,
            verify_tls=form.verify_tls,
        )

    def _dns(self, form: DnsCheckInput) -> DnsOptions:
        name = ""
        try:
            name = parse_domain_name(form.name)
        except ValueError as error:
            self._add("name", "name", str(error))
        if form.server is not None:
            self._place("server", NO_PORTS, lambda: parse_dns_server(form.server or ""))
        return DnsOptions(name=name, record_type=form.record_type, server=form.server)

    def _tcp(self, form: TcpCheckInput) -> TcpOptions:
        send = self._send(form)
        ports = MAIL_PORTS if send else NO_PORTS
        self._place("host", ports, lambda: parse_endpoint(form.host, form.port))
        return TcpOptions(hostname=form.host, port=form.port, send=send)

    def _tls(self, form: TlsCheckInput) -> TlsOptions:
        self._place("host", NO_PORTS, lambda: parse_endpoint(form.host, form.port))
        server_name = form.server_name
        if server_name is not None:
            where = join(self.under, "server_name")
            self.problems.check(where, "host", lambda: parse_endpoint(server_name, form.port))
        return TlsOptions(
            hostname=form.host, port=form.port, server_name=server_name, verify=form.verify_tls
        )

    def _url(self, url: str) -> Target | None:
        try:
            target = parse_target(url)
            self.guard.vet_target(target)
        except TargetBlockedError as error:
            self._add("url", "blocked", _sentence(error))
        except ValueError as error:
            self._add("url", "url", str(error))
        else:
            return target
        return None

    def _place(self, field: str, ports: frozenset[int], parse: Callable[[], Endpoint]) -> None:
        try:
            self.guard.vet_endpoint(parse(), ports)
        except TargetBlockedError as error:
            self._add(field, "blocked", _sentence(error))
        except ValueError as error:
            self._add(field, "host", str(error))

    def _headers(
        self, forms: Sequence[Header], stored: HttpOptions | None, target: Target | None
    ) -> dict[str, str]:
        kept = {name.lower(): value for name, value in stored.headers.items()} if stored else {}
        headers: dict[str, str] = {}
        for index, form in enumerate(forms):
            place = f"headers.{index}"
            value = kept.get(form.name.lower()) if form.value is None else form.value
            if value is None:
                self._add(f"{place}.value", "missing", "Write the value to send.")
                continue
            if form.value is None and _moved(stored, target):
                self._add(f"{place}.value", "missing", f"{_MOVED} Write the value again.")
                continue
            code, field_ = _place_of_header_problem(form.name, value, target)
            if form.name.lower() in {name.lower() for name in headers}:
                self._add(f"{place}.name", "twice", "This header stands there twice.")
            elif code is not None:
                self._add(f"{place}.{field_}", "header", code)
            headers[form.name] = value
        return headers

    def _body(
        self, typed: str | None, stored: HttpOptions | None, target: Target | None
    ) -> str | None:
        # The stored body is a secret like the headers and is never shown, so a form that leaves
        # it out means: as it was. An empty text takes it away.
        if typed is None and stored is not None and stored.body is not None:
            if _moved(stored, target):
                self._add("body", "missing", f"{_MOVED} Write the body again, or clear it.")
            return stored.body
        body = typed or None
        self.problems.check(join(self.under, "body"), "body", lambda: validate_body(body))
        return body

    def _send(self, form: TcpCheckInput) -> str | None:
        stored = self.old.options if self.old else None
        if form.send is None and isinstance(stored, TcpOptions) and stored.send is not None:
            if (stored.host, stored.port) != (form.host.lower(), form.port):
                self._add("send", "missing", f"{_MOVED} Write the text again, or clear it.")
            return stored.send
        send = form.send or None
        self.problems.check(join(self.under, "send"), "text", lambda: _refuse_unwritable(send))
        return send

    def _add(self, field: str, code: str, message: str) -> None:
        self.problems.add(join(self.under, field), code, message)


def show_url(url: str, *, is_whole: bool) -> str:
    """Return a URL; in part, without user info, query and fragment."""
    if is_whole:
        return url
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def show_address(url: str) -> str:
    """Return host and path of a URL: no scheme, user, query or fragment."""
    parts = urlsplit(url)
    return f"{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}"


def show_place(kind: CheckKind, stored: Mapping[str, Any]) -> str:
    """Return what a check asks in one line, from the part of its options without secrets."""
    match kind:
        case CheckKind.HTTP:
            return show_address(stored["url"])
        case CheckKind.DNS:
            return f"{stored['name']} {stored['record_type']}"
        case CheckKind.TCP | CheckKind.TLS:
            return written_place(stored["hostname"], stored["port"])


def _sentence(error: TargetBlockedError) -> str:
    return f"{str(error).rstrip('.')}. Use a public address, or ask who runs Allgreen to allow it."


def _place_of_header_problem(
    name: str, value: str, target: Target | None
) -> tuple[str | None, str]:
    try:
        validate_headers({name: "" if name.lower() != "host" else value}, target)
    except ValueError as error:
        return str(error), "name"
    try:
        validate_headers({name: value}, target)
    except ValueError as error:
        return str(error), "value"
    return None, ""


def _moved(stored: HttpOptions | None, target: Target | None) -> bool:
    """Tell whether stored secrets would go to another place than they were meant for."""
    return stored is not None and target is not None and _origin(stored) != target.origin


def _origin(options: HttpOptions) -> tuple[str, str, int] | None:
    try:
        return parse_target(options.url).origin
    except ValueError:
        return None


def _refuse_unwritable(text: str | None) -> None:
    try:
        (text or "").encode()
    except UnicodeEncodeError:
        raise ValueError("This holds a character that does not exist. Remove it.") from None
