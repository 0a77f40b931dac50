"""Flapping: a service that turns so often that each turn is no news any more.

People are then told once that it flaps, every hour that it still does, and in the end what lasts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class FlapRule:
    """When a service counts as flapping, and when no longer.

    Attributes:
        turns: So many turns between down and not down, all within `within`, make it flap; with the
            state before the first they are one state more. 0 switches the rule off.
        steady_after: Without a turn for so long it is steady again.
        summary_every: How often people hear that it still flaps.
        confirm_up: Good results in a row that end an outage meanwhile, at least.
    """

    turns: int = 5
    within: timedelta = timedelta(minutes=60)
    steady_after: timedelta = timedelta(minutes=30)
    summary_every: timedelta = timedelta(minutes=60)
    confirm_up: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaps:
    """How often a service turned lately.

    Attributes:
        turns: When it turned between down and not down, oldest first; only as many as matter.
        since: From when it counts as flapping; `None` while it does not.
        summaries: How many hourly summaries were owed since then.
        restless_at: When a result last contradicted the state that held, although it turned
            nothing: two good results in a row are rare in a service that flaps.
    """

    turns: tuple[datetime, ...] = ()
    since: datetime | None = None
    summaries: int = 0
    restless_at: datetime | None = None

    @property
    def is_flapping(self) -> bool:
        """Tell whether single turns are no longer told."""
        return self.since is not None

    def after_turn(self, at: datetime, rule: FlapRule) -> Flaps:
        """Count a turn that happened at `at`."""
        if not rule.turns:
            return self
        recent = tuple(turn for turn in self.turns if at - rule.within < turn <= at)
        turns = (*recent[-rule.turns :], at)
        since = at if self.since is None and len(turns) >= rule.turns else self.since
        return replace(self, turns=turns, since=since)

    def is_over(self, at: datetime, rule: FlapRule) -> bool:
        """Tell whether it has been steady for long enough."""
        if self.since is None:
            return False
        return at - max(self.turns[-1], self.restless_at or self.since) >= rule.steady_after

    def owes_summary(self, at: datetime, rule: FlapRule) -> bool:
        """Tell whether people should hear again that it still flaps."""
        if self.since is None:
            return False
        return at - self.since >= rule.summary_every * (self.summaries + 1)

    def contradicted(self, at: datetime) -> Flaps:
        """Note that a result says another thing than the state that holds."""
        return replace(self, restless_at=at)

    def with_summary(self) -> Flaps:
        """Note that a summary is owed."""
        return replace(self, summaries=self.summaries + 1)
