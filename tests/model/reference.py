"""The promises once more, in as few words as possible: what two services are, and who is told what.

It shares nothing with the product: no class, no function, no storage, no clock. Two services, of
which the second depends on the first, live through findings, edits, windows and absences, and it
says what is known, what counts as what, and which messages are owed. Where the product and this
disagree, one of the two misreads the law.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

CONTRARY = {"down": ("ok", "slow"), "up": ("fail",), "degraded": ("fail",)}
COUNTERS = ("bad", "good", "slow", "blind")
SILENT = {"blocked", "probe_error", "missed"}
ENDS = {"holds again": "up", "paused": "paused", "configuration changed": "reconfigured"}
ENDS["deleted"] = "deleted"
SUSPICION = timedelta(minutes=1)
TIMEOUT = timedelta(seconds=10)
REOPEN, HOUR, STEADY = timedelta(minutes=5), timedelta(hours=1), timedelta(minutes=30)


@dataclass(eq=False)
class Outage:
    """One incident; `again_at` is when its latest outage began, if it was reopened."""

    began_at: datetime
    confirmed_at: datetime
    ended_at: datetime | None = None
    why: str = ""
    quiet: str = ""
    reopened: int = 0
    again_at: datetime | None = None
    reminded: int = 0


@dataclass(eq=False)
class Letter:
    """One message that is owed; `lease` counts how often it was handed out."""

    kind: str
    to: str
    outage: Outage | None
    says_down: bool
    state: str = "pending"
    lease: int = 0


@dataclass
class Finding:
    """One result; `lease` is the number under which it was run."""

    slot: datetime
    attempt: int
    began: datetime
    ended: datetime
    outcome: str
    version: int
    lease: int


@dataclass
class Watched:
    """One service with one check."""

    every: timedelta
    anchor: datetime
    down: int = 3
    up: int = 1
    slow: int = 3
    blind: int = 3
    remind_every: timedelta | None = None
    needs: Watched | None = None
    mode: str = "active"
    health: str = "unknown"
    since: datetime | None = None
    turned: list[str] = field(default_factory=list)
    count: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTERS, 0))
    first_bad: datetime | None = None
    first_good: datetime | None = None
    last: tuple[datetime, int] | None = None
    looked_until: datetime | None = None
    version: int = 1
    lease: int = 0
    outage: Outage | None = None
    outages: list[Outage] = field(default_factory=list)
    turns: list[datetime] = field(default_factory=list)
    flaps_since: datetime | None = None
    restless_at: datetime | None = None
    summaries: int = 0
    time: list[tuple[datetime, str]] = field(default_factory=list)
    results: dict[tuple[datetime, int], str] = field(default_factory=dict)
    people: dict[str, bool] = field(default_factory=dict)
    letters: list[Letter] = field(default_factory=list)
    windows: list[tuple[datetime, datetime]] = field(default_factory=list)
    began: datetime = field(default=datetime.min.replace(tzinfo=UTC))
    news: list[Callable[[], None]] = field(default_factory=list)
    told_blocked: bool = False
    blocked_letters: int = 0

    # What is found --------------------------------------------------------------------------

    def take(self, found: Finding) -> None:
        """Take one result in; what is old, of another question or of a void lease says nothing."""
        key = (found.slot, found.attempt)
        self.results.setdefault(key, found.outcome)
        asked = self.mode == "active" and found.version == self.version
        if not asked or found.lease != self.lease or (self.last and key <= self.last):
            return
        for slot in self._missed_before(found.slot):
            self.results.setdefault((slot, 1), "missed")
            self._weigh(Finding(slot, 1, slot, slot, "missed", found.version, found.lease))
        self._weigh(found)
        self._speak()

    def _missed_before(self, slot: datetime) -> list[datetime]:
        """Slots without a run: not those in which a run lasted or a failure was confirmed."""
        if self.last is None:
            return []
        slots = list[datetime]()
        passed = self._slot_after(max(self.last[0], self.looked_until or self.last[0]))
        while passed < slot:
            slots.append(passed)
            passed += self.every
        return slots[-100:]

    def _weigh(self, found: Finding) -> None:
        before, self.began = self.outage, found.began
        self.last = (found.slot, found.attempt)
        if found.outcome in SILENT:
            self._see_nothing(found)
        elif found.outcome == "fail":
            self._see_failure(found)
        else:
            self._see_answer(found)
        self._go_on(found, is_same=before is not None and before is self.outage)

    def _see_answer(self, found: Finding) -> None:
        is_slow, was, self.told_blocked = found.outcome == "slow", self.health, False
        self.looked_until, self.first_bad = max(found.ended, found.slot), None
        self.count.update(bad=0, blind=0, slow=self.count["slow"] + 1 if is_slow else 0)
        if was == "down":
            self.count["good"] += 1
            self.first_good = self.first_good or found.began
            if self.count["good"] < (max(self.up, 2) if self.flaps_since else self.up):
                return
        self.count["good"] = 0
        for_long = was in ("down", "degraded") or self.count["slow"] >= self.slow
        health = "degraded" if is_slow and for_long else "up"
        began, self.first_good = self.first_good or found.began, None
        began = self._not_before_since(began)
        if health != self.health or self._counts_as() != health:
            self._account(began if health != self.health else found.began, health)
        self._turn(health, began, found.ended)

    def _see_failure(self, found: Finding) -> None:
        self.looked_until, self.first_good = max(found.ended, found.slot), None
        self.told_blocked = False
        self.count.update(bad=self.count["bad"] + 1, good=0, slow=0, blind=0)
        self.first_bad = self.first_bad or found.slot
        if self.health == "down":
            if self._counts_as() != "down":
                self._account(found.slot, "down")
        elif self.count["bad"] >= self.down:
            began = self._not_before_since(self.first_bad)
            self._account(began, "down")
            self._turn("down", began, found.ended)

    def _see_nothing(self, found: Finding) -> None:
        self.count["blind"] += 1
        if self.count["blind"] < self.blind:
            return
        dark = found.slot
        if self.looked_until is not None:
            dark = min(self._slot_after(self.looked_until), found.slot)
        if self._counts_as() != "unknown":
            self._account(dark, "unknown")
        if self.health != "down":
            self.count.update(bad=0, good=0, slow=0)
            self.first_bad = self.first_good = None
            self._turn("unknown", dark, found.ended)
        if found.outcome == "blocked" and not self.told_blocked:
            self.told_blocked, self.blocked_letters = True, self.blocked_letters + 1

    # What follows ---------------------------------------------------------------------------

    def _turn(self, health: str, at: datetime, now: datetime, why: str = "holds again") -> None:
        if health != self.health:
            self.health, self.since = health, at
            self.turned.append(health)
        if health == "down" and self.outage is None:
            self._open(at, now)
        elif health != "down" and self.outage is not None:
            self._end(at, now, why)

    def _open(self, at: datetime, now: datetime) -> None:
        # Time inside a window does not count against a service.
        at = max([at, *self._windows_over(now)])
        last = self.outages[-1] if self.outages else None
        confirmed = max(at, now)
        if last and last.ended_at and last.why == "holds again" and at - last.ended_at <= REOPEN:
            last.reopened, last.again_at = last.reopened + 1, at
            last.confirmed_at = confirmed
            last.ended_at, last.why, last.reminded = None, "", 0
            self.outage = last
        else:
            self.outage = Outage(began_at=at, confirmed_at=confirmed)
            self.outages.append(self.outage)
        self.outage.quiet = self._reason_for_quiet(now)
        began_to_flap = self._count_turn(now)
        self._tell_down()
        if began_to_flap:
            self._tell_all("flapping")

    def _end(self, at: datetime, now: datetime, why: str) -> None:
        outage = self.outage
        assert outage is not None
        outage.ended_at, outage.why = max(at, outage.confirmed_at), why
        self.outage = None
        began_to_flap = False
        if why == "holds again":
            began_to_flap = self._count_turn(now, outage)
        if self.flaps_since is None:
            self._tell_knowing(ENDS[why], outage)
        if began_to_flap:
            self._tell_all("flapping")

    def _go_on(self, found: Finding, *, is_same: bool) -> None:
        outage, now = self.outage, found.ended
        if self.flaps_since is not None and not (outage and outage.quiet):
            if found.outcome in CONTRARY.get(self.health, ()):
                self.restless_at = now
            self._go_on_flapping(now)
        elif outage is None or not is_same or found.outcome != "fail":
            return
        elif outage.quiet:
            if not self._reason_for_quiet(now):
                self._release(outage, found)
        elif self.remind_every is not None and not self._ran_in_window(now):
            due = (now - outage.confirmed_at) // self.remind_every
            if due > outage.reminded:
                outage.reminded = due
                self._tell_knowing("reminder", outage)

    def _go_on_flapping(self, now: datetime) -> None:
        assert self.flaps_since is not None
        if now - max(self.turns[-1], self.restless_at or self.flaps_since) >= STEADY:
            self._forget_flaps()
            self._tell_all("steady")
        elif now - self.flaps_since >= HOUR * (self.summaries + 1):
            self.summaries += 1
            self._tell_all("flapping")

    def _forget_flaps(self) -> None:
        self.turns, self.flaps_since, self.restless_at, self.summaries = [], None, None, 0

    def _release(self, outage: Outage, found: Finding) -> None:
        begin = outage.again_at or outage.began_at
        if outage.quiet == "maintenance":
            begin = max(begin, max(self._windows_over(found.ended), default=found.slot))
        if outage.reopened:
            outage.again_at = begin
        else:
            outage.began_at = begin
        outage.confirmed_at = max(found.ended, begin, outage.confirmed_at)
        outage.quiet = ""
        self._tell_down()

    def _count_turn(self, now: datetime, ended: Outage | None = None) -> bool:
        """Count a turn that people hear of, and tell whether it is one too many."""
        outage = ended or self.outage
        assert outage is not None
        if outage.quiet:
            return False
        self.turns = [turn for turn in self.turns if now - HOUR < turn <= now] + [now]
        if self.flaps_since is not None or len(self.turns) < 5:
            return False
        self.flaps_since = now
        return True

    # What people do -------------------------------------------------------------------------

    def pause(self, now: datetime) -> None:
        """Stop to check; an outage ends without being called over."""
        if self.mode == "active":
            self.mode = "paused"
            self._forget(now, "paused", "paused")
            self.lease += 1

    def resume(self, now: datetime) -> None:
        """Check again; nothing is known."""
        if self.mode == "paused":
            self.mode = "active"
            self._forget(now, "unknown", "paused")
            self.anchor = now

    def delete(self, now: datetime) -> None:
        """Watch no more; what waits is not told, and who knows of an outage hears of it."""
        for letter in self.letters:
            if letter.state == "pending":
                letter.state = "cancelled"
        self.mode = "deleted"
        self._forget(now, "paused", "deleted")

    def ask_something_else(self, now: datetime) -> None:
        """What was found answers another question now."""
        self.version, self.lease = self.version + 1, self.lease + 1
        self._forget(now, "unknown", "configuration changed")
        self.anchor = now

    def reschedule(self, every: timedelta, now: datetime) -> None:
        """Use another grid; what is known stays."""
        if every != self.every:
            self.every, self.anchor = every, now

    def doubt(self) -> None:
        """The prober is back: nobody knows whose fault the failures before were."""
        is_unsure = self.count["blind"] or (self.count["bad"] and self.health != "down")
        self.count["good"], self.first_good = 0, None
        if self.health != "down" and is_unsure:
            self.count.update(bad=0, slow=0)
            self.first_bad = None

    def join(self, address: str, *, confirmed: bool) -> None:
        """Tell somebody from now on, also of an outage that others know of."""
        self.people[address] = confirmed
        if confirmed:
            self._tell_late(address)

    def confirm(self, address: str) -> None:
        """A stranger wants to be told."""
        if not self.people[address]:
            self.people[address] = True
            self._tell_late(address)

    def leave(self, address: str) -> None:
        """Tell somebody nothing any more."""
        del self.people[address]
        for letter in self.letters:
            if letter.to == address and letter.state in ("pending", "leased"):
                letter.state = "cancelled"

    def _forget(self, now: datetime, kind: str, why: str) -> None:
        patience = self.every * self.blind + TIMEOUT
        is_silent = self.looked_until is not None and now > self.looked_until + patience
        if self.looked_until and is_silent and self._counts_as() in ("up", "degraded", "down"):
            silent_from = self._slot_after(self.looked_until)
            self._account(max(silent_from, self.time[-1][0]), "unknown")
        self.count = dict.fromkeys(COUNTERS, 0)
        self.first_bad = self.first_good = self.looked_until = None
        self.told_blocked = False
        self._forget_flaps()
        self._account(now, "paused" if self.mode != "active" else kind)
        self._turn("unknown", now, now, why)
        self.since = None
        self._speak()

    # What is told ---------------------------------------------------------------------------

    def _speak(self) -> None:
        """Owe what there is to tell, once all is known that one act changed."""
        news, self.news = self.news, []
        for tell in news:
            tell()

    def _tell_down(self) -> None:
        outage = self.outage
        assert outage is not None
        if not outage.quiet and self.flaps_since is None:
            self.news.append(partial(self._say_down, outage, is_again=bool(outage.reopened)))

    def _say_down(self, outage: Outage, *, is_again: bool) -> None:
        still_down = {each.to for each in self._withdrawn(outage)} if is_again else set()
        for to in self._listed():
            if to not in still_down:
                self._owe("down", to, outage)

    def _tell_knowing(self, kind: str, outage: Outage) -> None:
        def say() -> None:
            for to in [each for each in self._listed() if self._knows(each, outage)]:
                self._owe(kind, to, outage)

        self.news.append(say)

    def _tell_late(self, address: str) -> None:
        outage = self.outage
        is_told = outage is None or outage.quiet or self.flaps_since is not None
        if outage is not None and not is_told and not self._knows(address, outage):
            self._owe("down", address, outage)

    def _tell_all(self, kind: str) -> None:
        outage, says_down = self.outage, kind == "steady" and self.health == "down"

        def say() -> None:
            for to in self._listed():
                self._owe(kind, to, outage, says_down=says_down)

        self.news.append(say)

    def _owe(self, kind: str, to: str, outage: Outage | None, *, says_down: bool = False) -> None:
        self.letters.append(Letter(kind, to, outage, says_down or kind == "down"))

    def _withdrawn(self, outage: Outage) -> Iterator[Letter]:
        """Take back what says that it is over, as far as nobody tried to send it."""
        for letter in self.letters:
            is_up = letter.outage is outage and letter.kind == "up"
            if is_up and letter.state == "pending" and not letter.lease:
                letter.state = "cancelled"
                yield letter

    def _listed(self) -> list[str]:
        return [address for address, confirmed in self.people.items() if confirmed]

    def _knows(self, address: str, outage: Outage) -> bool:
        """Tell whether the last word that somebody hears of an outage is that it lasts."""
        said = [
            letter.says_down
            for letter in self.letters
            if letter.to == address
            and letter.outage is outage
            and letter.state in ("pending", "leased", "sent")
            and letter.kind in {"down", "steady", *ENDS.values()}
        ]
        return bool(said) and said[-1]

    # What is around -------------------------------------------------------------------------

    def excuses(self, began: datetime, now: datetime) -> bool:
        """Tell whether a failure of what needs this, in a run from `began` to `now`, is its own."""
        if self.mode != "active":
            return False
        is_fresh = self.first_bad is not None and now - self.first_bad <= SUSPICION
        just_held = self.health in ("up", "degraded") and self.since and self.since >= began
        return self.outage is not None or (self.count["bad"] > 0 and is_fresh) or bool(just_held)

    def _reason_for_quiet(self, now: datetime) -> str:
        """What was found while it was quiet is no news, also when that ended before the run."""
        if self._ran_in_window(now):
            return "maintenance"
        return "blocked by" if self.needs and self.needs.excuses(self.began, now) else ""

    def _ran_in_window(self, now: datetime) -> bool:
        return any(begin <= now and self.began < end for begin, end in self.windows)

    def _is_in_window(self, now: datetime) -> bool:
        return any(begin <= now < end for begin, end in self.windows)

    def _windows_over(self, now: datetime) -> list[datetime]:
        """When windows ended, unless another one went on."""
        return [end for _, end in self.windows if end <= now and not self._is_in_window(end)]

    def _slot_after(self, instant: datetime) -> datetime:
        if instant < self.anchor:
            return self.anchor
        return self.anchor + ((instant - self.anchor) // self.every + 1) * self.every

    def _not_before_since(self, instant: datetime) -> datetime:
        return instant if self.since is None else max(instant, self.since)

    # What time counts as --------------------------------------------------------------------

    def kind_at(self, instant: datetime) -> str:
        """Say what a moment counts as."""
        kind = "unknown"
        for at, counts_as in self.time:
            kind = counts_as if at <= instant else kind
        is_ours = bool(self.time) and self.time[0][0] <= instant
        return (
            "maintenance" if is_ours and kind != "paused" and self._is_in_window(instant) else kind
        )

    def _counts_as(self) -> str:
        return self.time[-1][1] if self.time else "unknown"

    def _account(self, at: datetime, kind: str) -> None:
        self.time = [turn for turn in self.time if turn[0] < at]
        if not self.time or self.time[-1][1] != kind:
            self.time.append((at, kind))
