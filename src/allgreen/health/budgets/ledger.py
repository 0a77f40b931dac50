"""Ledger: what makes ``run="2 times per day"`` hold across restarts and processes."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Final, final

from allgreen.errors import StateBusyError
from allgreen.health.budgets.budget import (
    Budget,
    Mark,
    Spent,
    StoredResult,
    find_last_chance,
    merge,
    spend,
)
from allgreen.health.budgets.file import BudgetFile, Write
from allgreen.health.budgets.processes import is_running, read_boot_id
from allgreen.health.budgets.reservation import Refusal, Reservation
from allgreen.health.environment import state_directory
from allgreen.health.files import write_atomically
from allgreen.health.frequency import Frequency
from allgreen.health.locks import ForkLock

logger = logging.getLogger(__name__)

PATIENCE_S: Final = 1.0
RETRY_S: Final = 60.0
"""Seconds until a disk that could not be used is tried again."""

_RUN_OF_PROGRAM: Final = os.urandom(8).hex()
_numbers = count()

Change = Callable[[Budget], Spent]


class _Page:
    """What this process knows of the budget of one check.

    Attributes:
        file: Where all processes keep it; `None` when there is no place.
        budget: As it was when it was last seen; `None` for never.
        is_unsaved: The budget was changed here, and not in the file.
        down_until: Until when the file is left alone, on the monotonic clock.
        busy_since: Since when others have held the file; `None` when they do not.
        warning: Why the file is left alone; empty when it is not.
    """

    def __init__(self, file: BudgetFile | None) -> None:
        self.lock = ForkLock()
        self.file = file
        self.budget: Budget | None = None
        self.is_unsaved = False
        self.down_until = float("-inf")
        self.busy_since: float | None = None
        self.warning = ""


@final
class Ledger:
    """Keeps the budget of each check in a file of its own, and hands out its runs.

    A run is taken from the budget before it begins, under a lock that all processes share. So
    they never run a check more often together than one of them may alone, and a run whose process
    died has counted. Nobody else may read the files.

    Where files cannot be written, each process counts for itself, beginning with what it knew, and
    `warning` says so; a minute later the disk is tried again. So it is where somebody holds the
    lock of a check for a minute; before that the check is not run. A file that cannot be
    understood is kept beside the new one, with ``.damaged`` at its end; one run is granted, unless
    this process knows that none is left, and the rest of the period counts as used.

    Safe in threads and after forks. `reserve` and `settle` wait for the disk, and up to a second
    for other processes: call them in a thread, and not on an event loop.
    """

    def __init__(
        self,
        directory: Path | None = None,
        application: str = "",
        *,
        retry_failures_after_s: float | None = None,
        write: Write = write_atomically,
        monotonic: Callable[[], float] = time.monotonic,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """Take note of a place; nothing is read or written yet.

        Args:
            directory: Where the files are; made when it is missing. By default
                ``ALLGREEN_STATE_DIR``, or where the platform keeps the state of programs.
            application: Name of the program; two programs of one name share their budgets.
            retry_failures_after_s: Run a check that failed again when its latest run began so many
                seconds ago, also when its budget is used up; `None` for never.
            write: What replaces a file.
            monotonic: The clock for waiting.
            patience_s: Seconds to wait for other processes.
        """
        self._directory = state_directory() if directory is None else directory
        self.application = application
        self._retry_failures_after_s = retry_failures_after_s
        self._write = write
        self._monotonic = monotonic
        self._patience_s = patience_s
        self._lock = ForkLock()
        self._pages: dict[str, _Page] = {}
        self._boot = read_boot_id()

    @property
    def warning(self) -> str | None:
        """Say why budgets do not hold across processes and restarts; `None` when they do."""
        with self._lock:
            pages = list(self._pages.values())
        return next((page.warning for page in pages if page.warning), None)

    def reserve(self, check_name: str, frequency: Frequency, now: float) -> Reservation | Refusal:
        """Take a run of the budget of a check, or say why there is none; never raises for the disk.

        Args:
            check_name: Its identity, of any length, in any characters.
            frequency: How often it runs.
            now: Seconds since 1970.
        """
        number = f"{os.getpid()}-{_RUN_OF_PROGRAM}-{next(_numbers)}"
        mark = Mark(id=number, pid=os.getpid(), boot=self._boot, at=now)

        def change(budget: Budget) -> Spent:
            return spend(budget, frequency, mark, self._retry_failures_after_s)

        page = self._page_of(check_name)
        with page.lock:
            spent = self._glance(page, change) or self._change(page, frequency, now, change)
        if spent.is_granted:
            return Reservation(check_name=check_name, frequency=frequency, mark=mark)
        return self._refusal(spent, frequency)

    def settle(self, reservation: Reservation, result: StoredResult) -> None:
        """Keep the result of a run that was reserved; never raises for the disk."""
        mark = reservation.mark

        def change(budget: Budget) -> Spent:
            gone = [each for each in budget.open if not self._is_alive(each)]
            settled = budget.settled(mark, result, gone)
            return Spent(budget=settled, is_granted=True, next_at=mark.at)

        page = self._page_of(reservation.check_name)
        with page.lock:
            spent = self._change(page, reservation.frequency, mark.at, change)
            if not spent.is_granted:  # others hold the file
                self._change_in_memory(page, change)

    def _glance(self, page: _Page, change: Change) -> Spent | None:
        """Refuse without a lock, as is usual: whoever reads a file finds one state of it whole."""
        if page.file is None or page.is_unsaved or page.warning:
            return None
        try:
            found = page.file.read()
        except OSError:
            return None
        if found is None:
            return None
        page.budget = found
        spent = change(found)
        return spent if not spent.is_granted and spent.budget == found else None

    def _change(self, page: _Page, frequency: Frequency, now: float, change: Change) -> Spent:
        if self._monotonic() >= page.down_until:
            try:
                spent = self._change_on_disk(page, frequency, now, change)
            except StateBusyError as error:
                busy = self._wait_for_others(page, now, error)
                if busy is not None:
                    return busy
            except OSError as error:
                self._give_up(page, error)
            else:
                self._go_on(page)
                return spent
        return self._change_in_memory(page, change)

    def _change_on_disk(
        self, page: _Page, frequency: Frequency, now: float, change: Change
    ) -> Spent:
        if page.file is None:
            raise FileNotFoundError("this account has no home directory")
        with page.file.hold(self._patience_s):
            found = page.file.read()
            if found is None:
                logger.warning("The file %s is damaged and kept beside a new one", page.file.path)
                page.file.put_aside()
            # Known before anything is written: that may fail.
            page.budget = self._known(page, found, frequency, now)
            spent = change(page.budget)
            if spent.budget != found:
                page.file.write(spent.budget, frequency)
            page.budget = spent.budget
        page.is_unsaved = False
        return spent

    def _known(self, page: _Page, found: Budget | None, frequency: Frequency, now: float) -> Budget:
        if found is None:
            rest = find_last_chance(frequency, now)
            return rest if page.budget is None else merge(page.budget, rest, frequency)
        if page.budget is None or not page.is_unsaved:
            return found
        # Of our own runs we know which have ended, and of those of others the file does.
        ours = [mark for mark in page.budget.open if self._is_ours(mark)]
        others = [mark for mark in found.open if not self._is_ours(mark)]
        return replace(merge(found, page.budget, frequency), open=(*others, *ours))

    def _change_in_memory(self, page: _Page, change: Change) -> Spent:
        if page.budget is None:
            page.budget = _peek(page.file) or Budget()
        spent = change(page.budget)
        page.budget, page.is_unsaved = spent.budget, True
        return spent

    def _wait_for_others(self, page: _Page, now: float, error: StateBusyError) -> Spent | None:
        """Refuse a run while others hold the file; `None` when they have held it for too long."""
        if page.busy_since is None:
            page.busy_since = self._monotonic()
        if self._monotonic() - page.busy_since >= RETRY_S:
            self._give_up(page, error)
            return None
        return Spent(
            budget=_peek(page.file) or page.budget or Budget(),
            is_granted=False,
            next_at=now + self._patience_s,
            reason="Another process holds its state, and does not let go.",
        )

    def _give_up(self, page: _Page, error: OSError) -> None:
        reason = error.strerror or str(error)
        if self.warning is None:
            logger.warning("How often checks run cannot be kept on the disk: %s", reason)
        page.down_until = self._monotonic() + RETRY_S
        page.warning = (
            f"How often checks run cannot be kept in {self._directory or 'a home directory'}: "
            f"{reason}. Until it can, each process counts for itself, and forgets at a restart. "
            "Set ALLGREEN_STATE_DIR to a folder that can be written."
        )

    def _go_on(self, page: _Page) -> None:
        page.busy_since = None
        if page.warning:
            page.warning = ""
            logger.info("How often checks run can be kept on the disk again")

    def _refusal(self, spent: Spent, frequency: Frequency) -> Refusal:
        unfinished = max(spent.budget.open, key=lambda mark: mark.at, default=None)
        return Refusal(
            frequency=frequency,
            last=spent.budget.last,
            next_at=spent.next_at,
            unfinished_at=None if unfinished is None else unfinished.at,
            is_unfinished_alive=unfinished is not None and self._is_alive(unfinished),
            reason=spent.reason,
        )

    def _is_alive(self, mark: Mark) -> bool:
        if mark.boot != self._boot:
            return False
        # The first process of a container has the number of the one before it.
        return self._is_ours(mark) if mark.pid == os.getpid() else is_running(mark.pid)

    @staticmethod
    def _is_ours(mark: Mark) -> bool:
        return mark.id.startswith(f"{os.getpid()}-{_RUN_OF_PROGRAM}-")

    def _page_of(self, check_name: str) -> _Page:
        with self._lock:
            page = self._pages.get(check_name)
            if page is None:
                page = self._pages[check_name] = _Page(self._file_of(check_name))
            return page

    def _file_of(self, check_name: str) -> BudgetFile | None:
        if self._directory is None:
            return None
        return BudgetFile(self._directory, self.application, check_name, self._write)


def _peek(file: BudgetFile | None) -> Budget | None:
    try:
        return file.read() if file else None
    except OSError:
        return None
