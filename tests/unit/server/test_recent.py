"""Answers that are kept for a moment: for one session at one address, and for nobody else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from starlette.requests import Request

from allgreen.domain.identity import WorkspaceId
from allgreen.server.recent import KEPT_FOR_S, RecentAnswers
from allgreen.testing import WORKSPACE, FakeClock

PATH = f"/api/v1/workspaces/{WORKSPACE}"
COOKIE = (b"cookie", b"allgreen=one")
KEY = (b"authorization", b"Bearer alg_one")


def scope_of(*headers: tuple[bytes, bytes], path: str = PATH) -> dict[str, Any]:
    return {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": headers}


def answered(*headers: tuple[bytes, bytes], clock: FakeClock | None = None) -> RecentAnswers:
    """Return what is kept after one request was answered."""
    recent = RecentAnswers(clock or FakeClock())
    request = Request(scope_of(*headers))
    recent.answer(request, WorkspaceId(WORKSPACE), {"a": 1}, stable={"a": 1}, mark=recent.mark())
    return recent


def test_an_answer_is_kept_for_the_session_that_it_was_made_for() -> None:
    recent = answered(COOKIE)

    assert recent.find(scope_of(COOKIE)) is not None
    assert recent.find(scope_of((b"cookie", b"allgreen=other"))) is None
    assert recent.find(scope_of(COOKIE, path=f"{PATH}/services")) is None


@pytest.mark.parametrize("headers", [(), (KEY,), (KEY, COOKIE), (COOKIE, KEY)], ids=len)
def test_without_a_cookie_alone_no_answer_is_kept_and_none_is_got(
    headers: tuple[tuple[bytes, bytes], ...],
) -> None:
    assert answered(*headers).find(scope_of(*headers)) is None
    assert answered(*headers).find(scope_of(COOKIE)) is None
    assert answered(COOKIE).find(scope_of(*headers)) is None


def test_after_two_seconds_it_is_read_anew() -> None:
    clock = FakeClock()
    recent = answered(COOKIE, clock=clock)

    clock.advance(timedelta(seconds=KEPT_FOR_S + 0.1))

    assert recent.find(scope_of(COOKIE)) is None
