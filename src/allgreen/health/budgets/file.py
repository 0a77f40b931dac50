"""BudgetFile: where the budget of one check is kept for all processes."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Final, final

from allgreen.health.budgets.budget import Budget
from allgreen.health.budgets.locking import hold_file
from allgreen.health.files import remove_leftovers
from allgreen.health.frequency import Frequency
from allgreen.health.quoting import cut

Write = Callable[[Path, bytes, int], None]
"""What replaces a file whole: path, content, permissions."""

_FORMAT: Final = 1
_LARGEST_BYTES: Final = 65_536
_LONGEST_NAME: Final = 200
# Neither what leads elsewhere nor what waits for a writer.
_TO_READ: Final = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


@final
class BudgetFile:
    """The budget of one check of one application, in a file that is replaced whole.

    Its name is a hash of both names, so that they may be of any length and in any characters, and
    no two checks ever share a file.
    """

    def __init__(self, directory: Path, application: str, check_name: str, write: Write) -> None:
        # As JSON, "a" and "b/c" differ from "a/b" and "c", and lone surrogates can be encoded.
        identity = json.dumps([application, check_name]).encode()
        self._directory = directory
        self._names = {
            "application": cut(application, _LONGEST_NAME),
            "check": cut(check_name, _LONGEST_NAME),
        }
        self._write = write
        self._is_swept = False
        self.path = directory / f"{sha256(identity).hexdigest()}.json"

    @contextmanager
    def hold(self, patience_s: float) -> Iterator[None]:
        """Keep all other processes and threads from the budget during a block.

        Args:
            patience_s: Seconds to wait for them.

        Raises:
            StateBusyError: One of them has it all this time.
            OSError: The disk cannot be used.
        """
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with hold_file(self.path.with_suffix(".lock"), patience_s):
            if not self._is_swept:
                remove_leftovers(self.path)
                self._is_swept = True
            yield

    def read(self) -> Budget | None:
        """Return the budget, one of nothing when there is no file, and `None` for a damaged one.

        Raises:
            OSError: It cannot be read.
        """
        try:
            with open(self.path, "rb", opener=_open) as file:
                content = file.read(_LARGEST_BYTES + 1)
        except FileNotFoundError:
            return Budget()
        return _understood(content)

    def put_aside(self) -> None:
        """Keep a damaged file for whoever wants to look, in place of an earlier one."""
        with suppress(OSError):
            self.path.replace(self.path.with_suffix(".damaged"))

    def write(self, budget: Budget, frequency: Frequency) -> None:
        """Replace the budget; it is on the disk on return.

        Raises:
            OSError: It is as it was, or as wanted if a power cut does not undo that.
        """
        began = None if budget.latest is None else frequency.period_of(budget.latest)[0]
        # Names, frequency and period are for people who look.
        content = {"format": _FORMAT, **self._names, "frequency": str(frequency), "period": began}
        text = json.dumps(content | budget.to_json(), indent=1)
        self._write(self.path, text.encode(), 0o600)


def _open(path: str, flags: int) -> int:
    return os.open(path, flags | _TO_READ)


def _understood(content: bytes | None) -> Budget | None:
    if not content or len(content) > _LARGEST_BYTES:
        return None
    try:
        stored = json.loads(content)
        return Budget.from_json(stored) if stored["format"] == _FORMAT else None
    except (ValueError, TypeError, LookupError, ArithmeticError, RecursionError):
        return None
