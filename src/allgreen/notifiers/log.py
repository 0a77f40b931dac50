"""The log, for an Allgreen without a mail server: nobody is told, and nothing is lost."""

import logging
from typing import Final, final

from allgreen.domain.notice import Notice
from allgreen.notifiers.letters import write_letter
from allgreen.notifiers.stationery import LetterLinks
from allgreen.notifiers.wording import plain
from allgreen.ports import Accepted, Clock, Gate, Notifier, open_gate

KEPT: Final = "kept, not mailed: no mail server is set"
"""Answer under which the owner finds such messages in the list of deliveries."""


@final
class LogNotifier(Notifier):
    """Write one line to the log for each notice, which stays readable by the owner.

    A notice counts as accepted: when a mail server is set later, weeks of old outages must not
    flood those who would have been told.
    """

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock

    async def send(self, notice: Notice, gate: Gate = open_gate) -> Accepted:
        await gate()
        letter = write_letter(notice, LetterLinks(), host="", now=self._clock.now())
        _LOG.warning(
            "No mail server is set, so this was kept and not mailed: %s (to %s, %s)",
            letter.subject,
            plain(notice.address),
            plain(notice.event),
        )
        return Accepted(answer=KEPT)


_LOG: Final = logging.getLogger(__name__)
