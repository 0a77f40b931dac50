"""HTTP upstream: another program that this one asks."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Final

from allgreen.domain.status import ComponentStatus, HealthStatus
from allgreen.errors import SettingsError
from allgreen.health.components.steps import CheckFunction
from allgreen.health.fetching import Address, Fetched, fetch
from allgreen.health.serving.depth import ASKER, HEADER, MOST, current_depth, name_process

TIMEOUT_S: Final = 5.0

_OURS: Final = frozenset({"connection", "host", HEADER.lower(), ASKER.lower()})


def http(
    url: str,
    expect_status: int | Container[int] = 200,
    *,
    headers: Mapping[str, str] | None = None,
    timeout_s: float = TIMEOUT_S,
) -> CheckFunction:
    """Return a check of an upstream by its address.

    A connection of its own is made and closed, no redirect is followed, and at most 64 KiB are
    read. An upstream that says ``X-Health: degraded`` is degraded, and one that says
    ``X-Health: unhealthy`` is unhealthy, whatever its status code is.

    Args:
        url: Absolute, ``http`` or ``https``.
        expect_status: The status of a good answer, or several, such as ``range(200, 300)``.
        headers: What to send.
        timeout_s: Seconds for connecting, and for the answer.

    Raises:
        SettingsError: The address or a number cannot be used.
    """
    address = Address.parse(url)
    if not 0 < timeout_s < float("inf"):
        raise SettingsError("timeout_s", f"{timeout_s!r} is no number of seconds.")
    expected = (expect_status,) if isinstance(expect_status, int) else expect_status
    sent = {"User-Agent": "Allgreen", "Accept": "application/json, */*", **(headers or {})}
    for name in sent:
        if name.lower() in _OURS:
            raise SettingsError("headers", f"{name} is set by Allgreen.")

    last = HealthStatus.HEALTHY

    def check() -> ComponentStatus:
        nonlocal last
        depth = current_depth()
        if depth >= MOST:
            return _not_asked(depth, last)
        headers = {**sent, HEADER: str(depth + 1), ASKER: name_process()}
        last = HealthStatus.UNHEALTHY  # should it raise
        judged = _judge(fetch(address, headers=headers, timeout_s=timeout_s), expected)
        last = judged.status
        return judged

    return check


def _judge(answer: Fetched, expected: Container[int]) -> ComponentStatus:
    metadata = {"status_code": answer.status}
    if answer.status not in expected:
        message = f"Upstream check failed: it answers {answer.status}"
        return ComponentStatus("http", HealthStatus.UNHEALTHY, message, 0.0, metadata)
    said = answer.headers.get("x-health", "").strip().lower()
    if said in (HealthStatus.DEGRADED, HealthStatus.UNHEALTHY):
        # Also with a good status code: metrics have one always, and others may be chosen.
        message = f"The upstream says that it is {said}"
        return ComponentStatus("http", HealthStatus(said), message, 0.0, metadata)
    message = f"The upstream answers {answer.status}"
    return ComponentStatus("http", HealthStatus.HEALTHY, message, 0.0, metadata)


def _not_asked(depth: int, last: HealthStatus) -> ComponentStatus:
    message = (
        f"Not asked: {depth} programs asked one another for their health already, and one of them "
        "may be this one"
    )
    # Whoever asks from so deep must not make an outage look better than it is.
    status = HealthStatus.worst_of((HealthStatus.DEGRADED, last))
    return ComponentStatus("http", status, message)
