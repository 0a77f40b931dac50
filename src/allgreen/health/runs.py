"""Runs: the seam between those who ask for reports and those who make them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final, Protocol

from allgreen.domain.report import Report
from allgreen.domain.status import CheckVerdict

Tally = Mapping[str, Mapping[CheckVerdict, int]]
"""How many runs of each check, by its name, ended how."""

DEADLINE_S: Final = 12.0
"""A report is there by then: longer than a check with the usual timeout."""


class Runs(Protocol):
    """Whoever can report on checks."""

    def run(
        self,
        names: Collection[str] | None = None,
        *,
        tags: Collection[str] = (),
        deadline_s: float = DEADLINE_S,
        fresh: bool = False,
    ) -> Report:
        """Return a report, and block until it is there.

        Args:
            names: Of checks that are wanted; `None` for all.
            tags: Only checks with one of these; empty for all.
            deadline_s: When it is there at the latest, in seconds from now.
            fresh: Run also what was run a moment ago.
        """

    async def run_async(
        self,
        names: Collection[str] | None = None,
        *,
        tags: Collection[str] = (),
        deadline_s: float = DEADLINE_S,
        fresh: bool = False,
    ) -> Report:
        """Return a report as `run` does, without blocking the event loop."""

    def recall(
        self,
        names: Collection[str] | None = None,
        *,
        tags: Collection[str] = (),
        stale_after_s: float,
    ) -> Report:
        """Return a report of what is known, and run nothing.

        Args:
            names: Of checks that are wanted; `None` for all.
            tags: Only checks with one of these; empty for all.
            stale_after_s: A result that is older is a failure, whatever it was.
        """

    def tally(self) -> Tally:
        """Return how many runs of each check ended how, since the program began.

        What was shown again, skipped or joined is no run. Who does not count has nothing to say.
        """
        return {}
