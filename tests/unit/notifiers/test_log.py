"""Without a mail server nothing is lost and nothing is hidden."""

import logging

import pytest

from allgreen.domain.notice import NoticeKind
from allgreen.notifiers.log import KEPT, LogNotifier
from tests.letters import StoppedClock, a_message, a_notice


async def test_notice_is_kept_and_logged_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        accepted = await LogNotifier(clock=StoppedClock()).send(a_notice(service_name="a\nb"))

    assert accepted.answer == KEPT
    (record,) = caplog.records
    assert record.getMessage() == (
        "No mail server is set, so this was kept and not mailed: "
        "a b is down (to sofia@nordlys.example, incident-1/down)"
    )


@pytest.mark.parametrize("kind", NoticeKind)
async def test_every_kind_can_be_kept(kind: NoticeKind) -> None:
    assert (await LogNotifier(clock=StoppedClock()).send(a_message(kind))).answer == KEPT
