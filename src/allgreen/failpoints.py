"""Failpoints: named seams at which a test has the process killed or an exception raised.

Crashes are worst between two steps that belong together: after the mail server took a message and
before that is noted, for one. Waiting for chance to hit such a moment proves little, so the code
names it. Nothing happens at a seam unless it was armed at the start (`ALLGREEN_FAILPOINTS`, only
where `ALLGREEN_ENV` is ``test``).
"""

import logging
import os
import re
import signal
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

logger = logging.getLogger(__name__)


class Seam(StrEnum):
    """The moments that can be hit."""

    AT_START = "at_start"
    """Leases of the last run are void; nothing runs yet."""
    IN_LEASE = "in_lease"
    """Checks are leased, and the transaction is not committed."""
    AFTER_LEASE = "after_lease"
    """Checks are leased for certain, and none of them is run."""
    EVALUATE = "evaluate"
    """A result is about to change its service; about the service's id."""
    BEFORE_COMMIT_OF_RESULTS = "before_commit_of_results"
    """States, incidents and messages are written, and the transaction is not committed."""
    AFTER_COMMIT_OF_RESULTS = "after_commit_of_results"
    """They are committed, and nobody has acted on them."""
    AFTER_COMMIT_OF_CHANGE = "after_commit_of_change"
    """What somebody asked the API for is committed, and not yet answered."""
    BEFORE_SEND = "before_send"
    """An attempt is noted, and no byte of it was sent."""
    AFTER_ACCEPT = "after_accept"
    """The channel took the message, and that is not noted."""
    AFTER_MARK = "after_mark"
    """It is noted, and nothing was made of it."""
    IN_FOLD = "in_fold"
    """Sums are written, and the transaction is not committed."""


class FailpointError(Exception):
    """What a failpoint raises; nothing catches it by its name."""


@dataclass(slots=True, kw_only=True)
class Trap:
    """What happens at a seam, and after how many passes."""

    kills: bool
    passes_left: int


Traps = dict[tuple[str, str], Trap]
"""By seam and subject; an empty subject stands for all."""


def _end_at_once() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


_GRAMMAR = re.compile(r"(?P<seam>\w+)(@(?P<about>[\w-]+))?=(?P<action>kill|raise)(:(?P<pass>\d+))?")
# Module state on purpose: a seam deep in the code must cost nothing and need no argument.
_traps: Traps = {}
_kill: Callable[[], None] = _end_at_once


def failpoint(seam: Seam, about: str = "") -> None:
    """Pass a seam; when it is armed, this may never return."""
    if _traps:
        for subject in {"", about}:
            _spring(seam, subject)


def arm(text: str, *, kill: Callable[[], None] = _end_at_once) -> None:
    """Arm the seams of a text, and no others: ``after_accept=kill:3,evaluate@<id>=raise``.

    ``kill:3`` ends the process at the third pass, as a power cut would; ``raise:3`` raises from
    the third pass on. With ``@`` only what is about that subject counts.

    Raises:
        ValueError: The text cannot be read; the message says what to write.
    """
    global _kill  # noqa: PLW0603 - see _traps
    traps = parse(text)
    _traps.clear()
    _traps.update(traps)
    _kill = kill


def parse(text: str) -> Traps:
    """Read a text and arm nothing.

    Raises:
        ValueError: As `arm`.
    """
    return dict(_read(entry) for entry in text.split(",") if entry.strip())


def _read(entry: str) -> tuple[tuple[str, str], Trap]:
    found = _GRAMMAR.fullmatch(entry.strip())
    if found is None:
        raise ValueError(f"{entry!r} is no failpoint: write after_accept=kill:3")
    if found["seam"] not in set(Seam):
        raise ValueError(f"{found['seam']!r} is no seam: choose from {', '.join(Seam)}")
    trap = Trap(kills=found["action"] == "kill", passes_left=int(found["pass"] or 1))
    return (found["seam"], found["about"] or ""), trap


def _spring(seam: Seam, subject: str) -> None:
    trap = _traps.get((seam, subject))
    if trap is None:
        return
    trap.passes_left -= 1
    if trap.passes_left > 0:
        return
    if not trap.kills:
        raise FailpointError(f"The failpoint {seam} was hit.")
    logger.critical("The failpoint %s ends the process", seam)
    _kill()
