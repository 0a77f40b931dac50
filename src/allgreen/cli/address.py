"""Looks at a health address: its status code, and what its answer says where that is known."""

from __future__ import annotations

import errno
import json
import socket
import ssl
import threading
from http.client import HTTPException
from queue import Empty, SimpleQueue
from typing import Final

from allgreen import __version__
from allgreen.cli.finding import Finding, Standing
from allgreen.health.fetching import Address, Fetched, fetch
from allgreen.health.redaction import redact

TIMEOUT_S: Final = 10.0

_HEADERS: Final = {
    "Accept": "application/json, application/health+json;q=0.9, text/plain;q=0.5, */*;q=0.1",
    "User-Agent": f"Allgreen/{__version__}",
}
_WORDS: Final = {
    **dict.fromkeys(("healthy", "ok", "up", "pass", "online"), Standing.HEALTHY),
    **dict.fromkeys(("degraded", "warn"), Standing.DEGRADED),
    **dict.fromkeys(
        ("unhealthy", "fail", "failed", "error", "down", "out_of_service"), Standing.UNHEALTHY
    ),
    **dict.fromkeys(("unknown", "starting"), Standing.UNKNOWN),
}
"""Of our own formats, Spring, MicroProfile, draft-inadarei-api-health-check and ASP.NET."""

_SEVERITY: Final = (Standing.HEALTHY, Standing.DEGRADED, Standing.UNKNOWN, Standing.UNHEALTHY)
_NO_WAY_THERE: Final = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN})
_V1_KEY: Final = "ai_model_available"
_LONGEST_SUMMARY: Final = 200


def look_at_address(url: str, timeout_s: float = TIMEOUT_S) -> Finding:
    """Return what a health address answers.

    Args:
        url: Absolute, ``http`` or ``https``.
        timeout_s: Seconds for all of it.

    Raises:
        SettingsError: It is no address.
    """
    address = Address.parse(url, "--url")
    source = url.partition("?")[0]  # the rest may hold a token
    try:
        fetched = _fetch(address, timeout_s)
    except (OSError, HTTPException) as error:
        standing, message = _read_failure(error, timeout_s)
        return Finding(standing=standing, source=source, message=message)
    standing, message = _read_answer(fetched)
    facts = {"http_status": fetched.status}
    return Finding(standing=standing, source=source, message=message, facts=facts)


def _fetch(address: Address, timeout_s: float) -> Fetched:
    """Fetch in a thread: nothing else keeps to a time that also holds for names and addresses."""
    answers: SimpleQueue[Fetched | OSError | HTTPException] = SimpleQueue()

    def work() -> None:
        try:
            answers.put(fetch(address, headers=_HEADERS, timeout_s=timeout_s))
        except (OSError, HTTPException) as error:
            answers.put(error)

    threading.Thread(target=work, name="allgreen check", daemon=True).start()
    try:
        answer = answers.get(timeout=timeout_s)
    except Empty:
        raise TimeoutError from None
    if isinstance(answer, Fetched):
        return answer
    raise answer


def _read_failure(error: OSError | HTTPException, timeout_s: float) -> tuple[Standing, str]:
    """Tell what is wrong there from what is wrong here."""
    match error:
        case socket.gaierror():
            return Standing.UNKNOWN, "cannot be found: its name has no address"
        case ssl.SSLError():
            return Standing.UNKNOWN, f"cannot be trusted: {error.reason or 'no secure connection'}"
        case TimeoutError():
            return Standing.UNHEALTHY, f"gave no answer within {timeout_s:g} s"
        case OSError() if error.errno in _NO_WAY_THERE:
            return Standing.UNKNOWN, f"cannot be reached from here: {error.strerror}"
        case OSError():
            return Standing.UNHEALTHY, f"gave no answer: {error.strerror or type(error).__name__}"
        case _:
            return Standing.UNHEALTHY, f"does not speak HTTP: {type(error).__name__}"


def _read_answer(fetched: Fetched) -> tuple[Standing, str]:
    word, summary = _read_body(fetched)
    said = _standing_of(fetched, word)
    answer = f"answers {fetched.status}"
    if word:
        answer += f" and says {word}"
    if summary:
        answer += f": {summary}"
    if 200 <= fetched.status < 300:
        return said or Standing.HEALTHY, answer
    if fetched.status >= 500 or (said is Standing.UNHEALTHY and fetched.status >= 400):
        return Standing.UNHEALTHY, answer
    if 300 <= fetched.status < 400:
        return Standing.UNKNOWN, f"{answer}, which leads elsewhere; give that address"
    return Standing.UNKNOWN, f"{answer}, which says nothing of health"


def _standing_of(fetched: Fetched, word: str) -> Standing | None:
    """Return the worse of what header and body say; `None` when they say nothing."""
    words = (word, fetched.headers.get("x-health", ""))
    found = [_WORDS[each] for each in map(_key, words) if each in _WORDS]
    return max(found, key=_SEVERITY.index, default=None)


def _key(word: str) -> str:
    return word.strip().lower()


def _read_body(fetched: Fetched) -> tuple[str, str]:
    """Return the word for the status in a body, and a sentence for people; both may be empty."""
    text = fetched.body.decode("utf-8", "replace")
    told = _parse(text)
    if isinstance(told, dict):
        word, summary = told.get("status"), told.get("summary")
        if _V1_KEY in told and word == "degraded":
            word = "unhealthy"  # it has no other word for that
        return _shorten(word), _shorten(summary).rstrip(".")
    if not fetched.headers.get("content-type", "").startswith("text/plain"):
        return "", ""
    first, colon, rest = text.strip().partition("\n")[0].partition(":")
    if _key(first) not in _WORDS:
        return "", ""
    return _key(first), _shorten(rest.strip()).rstrip(".") if colon else ""


def _parse(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _shorten(value: object) -> str:
    return redact(value)[:_LONGEST_SUMMARY] if isinstance(value, str) else ""
