"""The judge of a run with kills: what the target answered against what Allgreen said of it.

The target's own log and plan are the truth. What the platform was answered often enough, and had
the time to write down before it was killed, it must tell; what it was answered less often it may.
Whatever it says must be true. And while it lives it must ask.

An outage that follows soon on another continues its incident, so an incident may be of several
outages: the n-th has the messages ``<incident>/<n>/down`` and ``<incident>/<n>/up``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise

from tests.faults.flipping import Phase, Served

Stretch = tuple[float, float]
EARLIER_S = 2.0
"""By how much an incident may begin and end early: a slot is due, and a run begun, before it asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenOutage:
    """An outage as Allgreen wrote it down; instants in seconds since 1970.

    Attributes:
        number: Which outage of its incident it is, from 1.
    """

    incident: str
    path: str
    number: int = 1
    began_at: float
    confirmed_at: float
    ended_at: float | None

    @property
    def id(self) -> str:
        """What the names of its messages begin with."""
        return f"{self.incident}/{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenMail:
    """A mail as the mail server got it.

    Attributes:
        tells: What it tells, as ``<incident>/<n>/down``; more than one thing when it is late or
            when there was much to tell.
        event: What its ``X-Allgreen-Event`` says; the same for each copy.
        at: When it had come to its end.
    """

    tells: tuple[str, ...]
    recipient: str
    message_id: str
    attempt: int
    event: str = ""
    at: float = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that was seen.

    Attributes:
        alive: When the platform ran, from its ready line to its kill.
        kept_within_s: How long an answer may take to be written down.
        asked_within_s: How long a service may go without being asked while the platform runs.
        failures: How many failures in a row make an outage.
        recipients: Who is told of each path.
        mails: In the order of their arrival.
        kills: When it was killed, in order.
        withdrawn: News of an end that nobody had got when the next outage began: neither they nor
            the begin of that outage are news any more.
    """

    phases: Mapping[str, Sequence[Phase]]
    answers: Mapping[str, Sequence[Served]]
    alive: Sequence[Stretch]
    kept_within_s: float
    asked_within_s: float
    failures: int
    recipients: Mapping[str, str]
    reported: Sequence[SeenOutage]
    mails: Sequence[SeenMail]
    kills: Sequence[float] = ()
    withdrawn: frozenset[str] = frozenset()

    def must_be_noticed(self, path: str, phase: Phase) -> bool:
        """Tell whether the platform was answered often enough in one life to know of a phase."""
        return bool(self.proofs(path, phase))

    def proofs(self, path: str, phase: Phase) -> list[str]:
        """Return, for each life that must have known of a phase, what it was told and when."""
        needed = self.failures if phase.is_down else 1
        return [
            f"life {begin:.1f} to {end:.1f}: " + ", ".join(f"{one.at:.1f}" for one in told[:9])
            for begin, end in self.alive
            if len(told := self._told(path, phase, (begin, end - self.kept_within_s))) >= needed
        ]

    def was_asked(self, path: str, phase: Phase) -> bool:
        """Tell whether something was asked in each life that met the phase for long enough."""
        return all(
            self._told(path, phase, life)
            for life in self.alive
            if min(phase.end, life[1]) - max(phase.begin, life[0]) >= self.asked_within_s
        )

    def _told(self, path: str, phase: Phase, stretch: Stretch) -> list[Served]:
        begin, end = max(phase.begin, stretch[0]), min(phase.end, stretch[1])
        return [one for one in self.answers.get(path, ()) if begin <= one.at <= end]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came out.

    Attributes:
        faults: One sentence for each broken promise.
    """

    outages: int
    certain_outages: int
    reported: int
    mails: int
    duplicates: int
    most_duplicates_of_a_kill: int
    faults: tuple[str, ...] = field(default=())


def judge(evidence: Evidence) -> Verdict:
    """Hold the platform to its promises."""
    outages = [p for phases in evidence.phases.values() for p in phases if p.is_down]
    faults = (*_silences(evidence), *_missed_outages(evidence), *_missed_recoveries(evidence))
    faults += (*_untrue_incidents(evidence), *_mail_faults(evidence), *_order_faults(evidence))
    distinct = {mail.message_id for mail in evidence.mails}
    of_kills = Counter(kill for kill in _kills_before_copies(evidence) if kill is not None)
    return Verdict(
        outages=len(outages),
        certain_outages=sum(1 for _ in _certain(evidence, is_down=True)),
        reported=len(evidence.reported),
        mails=len(distinct),
        duplicates=len(evidence.mails) - len(distinct),
        most_duplicates_of_a_kill=max(of_kills.values(), default=0),
        faults=faults,
    )


def _silences(evidence: Evidence) -> Iterator[str]:
    for path, phases in evidence.phases.items():
        for phase in phases:
            if not evidence.was_asked(path, phase):
                yield f"{path}: not asked once in a life within the time {_shown(phase)}"


def _missed_outages(evidence: Evidence) -> Iterator[str]:
    for path, phase in _certain(evidence, is_down=True):
        if not any(_tells_of(one, phase) for one in _of(path, evidence)):
            proofs = "; ".join(evidence.proofs(path, phase))
            yield f"{path}: no incident tells of the outage {_shown(phase)}, asked in {proofs}"


def _missed_recoveries(evidence: Evidence) -> Iterator[str]:
    for path, phase in _certain(evidence, is_down=False):
        for one in _of(path, evidence):
            if one.began_at < phase.begin and _spans(one, phase.end):
                yield f"{path}: incident {one.id} hides that it held {_shown(phase)}"


def _untrue_incidents(evidence: Evidence) -> Iterator[str]:
    for path, phases in evidence.phases.items():
        outages = [phase for phase in phases if phase.is_down]
        begins: Counter[Phase] = Counter()
        for one in _of(path, evidence):
            source = [o for o in outages if o.begin - EARLIER_S <= one.began_at <= o.end]
            begins.update(source[:1])
            if not source:
                yield f"{path}: incident {one.id} began while it held"
            if _failures_seen(evidence.answers.get(path, ()), one) < evidence.failures:
                told = _told_around(evidence.answers.get(path, ()), one)
                yield f"{path}: incident {one.id} stands on too few failures: {told}"
            if one.ended_at is None or not one.began_at <= one.confirmed_at <= one.ended_at:
                yield f"{path}: incident {one.id} has no sensible end"
        yield from (
            f"{path}: {count} incidents for the one outage {_shown(outage)}"
            for outage, count in begins.items()
            if count > 1
        )


def _mail_faults(evidence: Evidence) -> Iterator[str]:
    ids: dict[tuple[str, str], set[str]] = {}
    for mail in evidence.mails:
        if not mail.tells:
            yield f"the mail {mail.message_id} to {mail.recipient} tells of nothing"
        for fact in mail.tells:
            ids.setdefault((fact, mail.recipient), set()).add(mail.message_id)
    told = {(fact, mail.recipient) for mail in evidence.mails for fact in mail.tells}
    owed = set(_owed(evidence, told))
    yield from (f"the mail {fact} to {to} is lost" for fact, to in sorted(owed - told))
    yield from (f"the mail {fact} to {to} is untrue" for fact, to in sorted(told - owed))
    for (fact, to), message_ids in ids.items():
        if len(message_ids) > 1:
            yield f"the mail {fact} to {to} has {len(message_ids)} Message-IDs"
    contents: dict[str, set[tuple[str, ...]]] = {}
    for mail in evidence.mails:
        contents.setdefault(mail.message_id, set()).add((mail.event, mail.recipient, *mail.tells))
    yield from (
        f"two mails share the Message-ID {m}" for m, said in contents.items() if len(said) > 1
    )
    if any(kill is None for kill in _kills_before_copies(evidence)):
        yield "a mail was sent twice with no kill in between"


def _owed(evidence: Evidence, told: Collection[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for one in evidence.reported:
        recipient = evidence.recipients[one.path]
        end_before = f"{one.incident}/{one.number - 1}/up"
        if not _is_withdrawn(end_before, recipient, evidence, told):
            yield f"{one.id}/down", recipient
        end = f"{one.id}/up"
        if one.ended_at is not None and not _is_withdrawn(end, recipient, evidence, told):
            yield end, recipient


def _is_withdrawn(
    fact: str, recipient: str, evidence: Evidence, told: Collection[tuple[str, str]]
) -> bool:
    """Tell whether an end is no news any more; it is when somebody has got it all the same."""
    return fact in evidence.withdrawn and (fact, recipient) not in told


def _kills_before_copies(evidence: Evidence) -> Iterator[float | None]:
    """Return for each second copy the kill that explains it."""
    arrivals: dict[str, float] = {}
    for mail in evidence.mails:
        first = arrivals.get(mail.message_id)
        arrivals[mail.message_id] = mail.at
        if first is not None:
            between = (kill for kill in evidence.kills if first <= kill <= mail.at)
            yield next(between, None)


def _order_faults(evidence: Evidence) -> Iterator[str]:
    firsts: dict[str, int] = {}
    attempts: dict[str, list[int]] = {}
    for position, mail in enumerate(evidence.mails):
        for fact in mail.tells:
            firsts.setdefault(fact, position)
        attempts.setdefault(mail.message_id, []).append(mail.attempt)
    for path in evidence.phases:
        expected = [
            f"{one.id}/{kind}"
            for one in sorted(_of(path, evidence), key=lambda one: one.began_at)
            for kind in ("down", "up")
        ]
        # Stable: what came in one mail stays as it is expected.
        arrived = sorted((e for e in expected if e in firsts), key=firsts.__getitem__)
        if arrived != [fact for fact in expected if fact in firsts]:
            yield f"{path}: mails came in the wrong order: {', '.join(arrived)}"
    for message_id, numbers in attempts.items():
        if any(later <= earlier for earlier, later in pairwise(numbers)):
            yield f"the attempts of {message_id} are numbered {numbers}"


def _certain(evidence: Evidence, *, is_down: bool) -> Iterator[tuple[str, Phase]]:
    for path, phases in evidence.phases.items():
        for phase in phases:
            if phase.is_down is is_down and evidence.must_be_noticed(path, phase):
                yield path, phase


def _of(path: str, evidence: Evidence) -> Iterable[SeenOutage]:
    return (one for one in evidence.reported if one.path == path)


def _tells_of(incident: SeenOutage, outage: Phase) -> bool:
    """Tell whether an incident is of an outage; it ends when the good run began, not when it ended."""
    has_ended = incident.ended_at is not None and incident.ended_at < outage.end - EARLIER_S
    return incident.began_at <= outage.end and not has_ended


def _spans(incident: SeenOutage, instant: float) -> bool:
    has_ended = incident.ended_at is not None and incident.ended_at < instant
    return incident.began_at <= instant and not has_ended


def _failures_seen(answers: Sequence[Served], incident: SeenOutage) -> int:
    """Count the longest row of failures that the target gave until the incident was confirmed."""
    told = [a for a in answers if incident.began_at - 0.1 <= a.at <= incident.confirmed_at]
    rows = (len(list(row)) for is_down, row in groupby(told, lambda a: a.is_down) if is_down)
    return max(rows, default=0)


def _told_around(answers: Sequence[Served], incident: SeenOutage) -> str:
    begin, end = incident.began_at, incident.confirmed_at
    told = (one for one in answers if begin - 5 <= one.at <= end + 5)
    seen = ", ".join(f"{one.at - begin:+.1f} {'down' if one.is_down else 'up'}" for one in told)
    return f"confirmed after {end - begin:.1f} s; the target answered {seen or 'nothing'}"


def _shown(phase: Phase) -> str:
    return f"from {phase.begin:.1f} to {phase.end:.1f} ({phase.end - phase.begin:.1f} s)"
