"""R3, R4: the mail server is away for hours, or behaves badly to some, or to everybody."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tests import mail as answers
from tests.faults.flipping import now_s
from tests.faults.record import Record, count_open
from tests.faults.scenario import Report, Tell
from tests.faults.stage import Stage, kind_of, message_id_of, pause, wait_until
from tests.mail import ReceivedMail
from tests.platform import Person

FOREVER = 1e9


def run(tell: Tell) -> Report:
    """Take the mail server away for what counts as nine hours, then let it behave badly."""
    return _joined(_be_away(AwayPlan(), tell), _behave_badly(tell))


def run_short(tell: Tell) -> Report:
    """Take it away for a minute, with fewer services."""
    away = AwayPlan(
        services=25, still_down=5, readers=20, away_s=60, late_after_s=FOREVER, least_per_s=5
    )
    return _joined(_be_away(away, tell), _behave_badly(tell))


# R3: it is away ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class AwayPlan:
    """How long it is away, and how much waits meanwhile.

    Attributes:
        services: Each fails once while the mail server is away, and has four readers.
        still_down: How many of them have not recovered when it comes back.
        delay_scale: Factor on all delays before trying again.
        late_after_s: A message that is older says that it is late.
        least_per_s: How fast what waited must go out.
    """

    services: int = 125
    still_down: int = 25
    readers: int = 100
    away_s: float = 330
    delay_scale: float = 0.01
    late_after_s: float = 300
    least_per_s: float = 20

    @property
    def waiting(self) -> int:
        """How many messages wait when it comes back: begin and end of an outage are one."""
        return 4 * self.services

    def readers_of(self, number: int) -> list[str]:
        """Return who reads of a service; each reader has as many services as any other."""
        readers = (n % self.readers for n in range(4 * number, 4 * number + 4))
        return [f"reader-{reader:03}@team-{reader % 7}.example" for reader in readers]


def _be_away(plan: AwayPlan, tell: Tell) -> Report:
    scale = {"ALLGREEN_BACKOFF_SCALE": str(plan.delay_scale)}
    with Stage.opened("mail-away", scale) as stage:
        stage.platform.start()
        person = Person(stage.platform).set_up()
        readers = {f"/service-{n:03}": plan.readers_of(n) for n in range(plan.services)}
        paths = {
            stage.watch(person, path, addresses=addresses): path
            for path, addresses in readers.items()
        }
        stage.confirm({each for listed in readers.values() for each in listed})
        away_from = now_s()
        stage.post.refuse()
        _plan_outages(stage, plan, list(readers))
        tell(f"the mail server is away for {plan.away_s:g} s")
        pause(plan.away_s)
        stage.post.take_again()
        back_at = now_s()
        file = stage.platform.data_dir / "allgreen.db"
        wait_until(lambda: count_open(file) == 0, within_s=180, every_s=1)
        record = Record.read(file, paths)
        mails = [mail for mail in stage.news if mail.at >= away_from]
    return _report_of_absence(plan, record, mails, readers, back_at)


def _plan_outages(stage: Stage, plan: AwayPlan, paths: Sequence[str]) -> None:
    begin = now_s()
    for number, path in enumerate(paths):
        down_at = begin + 1 + number * 10 / len(paths)
        is_lasting = number < plan.still_down
        stage.target.plans[path] = [down_at] if is_lasting else [down_at, down_at + 12]


def _report_of_absence(
    plan: AwayPlan,
    record: Record,
    mails: list[ReceivedMail],
    readers: dict[str, list[str]],
    back_at: float,
) -> Report:
    drained_s = max((mail.at for mail in mails), default=back_at) - back_at
    firsts = _first_mails(mails, back_at)
    # From the first mail on: before it, messages wait for their delay and not for one another.
    per_s = plan.waiting / max(drained_s - (firsts[0] if firsts else 0), 0.001)
    merged = [mail for mail in mails if len(record.seen(mail).tells) == 2]

    def faults() -> Iterator[str]:
        yield from record.faults
        yield from _untold(plan, record, mails, readers)
        if record.open or record.dead:
            yield f"{record.open} messages still wait, {record.dead} were given up"
        if per_s < plan.least_per_s:
            yield f"{per_s:.0f} messages a second went out; the goal is {plan.least_per_s:g}"
        # Each reader has about five; with a fair order the first of them come before the rest.
        if firsts and firsts[-1] > 0.6 * drained_s + 3:
            yield f"somebody got the first mail {firsts[-1]:.0f} s after the others began"
        if len(merged) < 4 * (plan.services - plan.still_down):
            yield f"only {len(merged)} mails tell begin and end at once"
        if plan.late_after_s < plan.away_s:
            late = [mail for mail in mails if "late" in mail.text.lower()]
            if len(late) < len(mails):
                yield f"{len(mails) - len(late)} late mails do not say that they are late"
        yield from _order_faults(record, mails)

    return Report(
        figures=(
            (
                f"R3: the mail server refused connections for {plan.away_s:g} s, delays scaled by "
                f"{plan.delay_scale:g}; {plan.waiting} messages to {plan.readers} readers waited"
            ),
            (
                f"R3: drained in {drained_s:.0f} s, {per_s:.0f} a second (goal: {plan.least_per_s:g}); "
                f"mails {len(mails)}, of them telling begin and end at once {len(merged)}"
            ),
            (
                f"R3: the first mail to a reader: the earliest after {firsts[0] if firsts else 0:.1f} s, "
                f"the last after {firsts[-1] if firsts else 0:.1f} s"
            ),
        ),
        faults=tuple(f"R3: {fault}" for fault in faults()),
    )


def _first_mails(mails: list[ReceivedMail], back_at: float) -> list[float]:
    firsts: dict[str, float] = {}
    for mail in mails:
        firsts.setdefault(mail.recipients[0], mail.at - back_at)
    return sorted(firsts.values())


def _untold(
    plan: AwayPlan, record: Record, mails: list[ReceivedMail], readers: dict[str, list[str]]
) -> Iterator[str]:
    told = Counter((fact, mail.recipients[0]) for mail in mails for fact in record.seen(mail).tells)
    noticed = {one.path: one for one in record.outages}
    for number, (path, addresses) in enumerate(readers.items()):
        if path not in noticed:
            yield f"{path}: the outage was not noticed"
            continue
        kinds = ("down",) if number < plan.still_down else ("down", "up")
        for fact in (f"{noticed[path].id}/{kind}" for kind in kinds):
            lost = [address for address in addresses if not told[fact, address]]
            if lost:
                yield f"{path}: {fact} was not told to {', '.join(lost)}"


def _order_faults(record: Record, mails: list[ReceivedMail]) -> Iterator[str]:
    arrived: dict[tuple[str, str], list[str]] = defaultdict(list)
    for mail in mails:
        for fact in record.seen(mail).tells:
            outage, _, kind = fact.rpartition("/")
            arrived[outage, mail.recipients[0]].append(kind)
    for (outage, address), kinds in arrived.items():
        if kinds[0] != "down":
            yield f"{address} was told of the end of {outage} before its begin"


# R4: it behaves badly ------------------------------------------------------------------------

BAD_SCALE = 0.1
FIRST_DELAY_S = 10 * BAD_SCALE


def _behave_badly(tell: Tell) -> Report:
    parts = (_hang_for_one, _refuse_one, _be_busy_for_all, _drop_after_the_dot)
    reports = []
    for part in parts:
        with Stage.opened(part.__name__.strip("_"), _BAD) as stage:
            stage.platform.start()
            person = Person(stage.platform).set_up()
            report = part(stage, person)
        for line in (*report.figures, *report.faults):
            tell(line)
        reports.append(report)
    return _joined(*reports)


_BAD = {"ALLGREEN_BACKOFF_SCALE": str(BAD_SCALE)}


def _hang_for_one(stage: Stage, person: Person, *, services: int = 10) -> Report:
    """One reader's mails are taken and never answered; nobody else may notice."""
    hanging = "hanging@slow.example"
    others = {f"/service-{n:02}": f"reader-{n:02}@team.example" for n in range(services)}
    paths = {
        stage.watch(person, path, addresses=[hanging, address]): path
        for path, address in others.items()
    }
    stage.confirm([hanging, *others.values()])
    stage.sink.treat(hanging, answers.HANG)
    _fail(stage, others)
    wait_until(lambda: all(stage.mails_to(each) for each in others.values()), within_s=30)
    record = Record.read(stage.platform.data_dir / "allgreen.db", paths)
    confirmed = {one.path: one.confirmed_at for one in record.outages}
    delays = [
        mails[0].at - confirmed[path] if (mails := stage.mails_to(address)) else float("inf")
        for path, address in others.items()
    ]
    slowest = max(delays)
    return Report(
        figures=(f"R4: one reader hangs: others are told after {slowest:.1f} s (goal: 5 s)",),
        faults=(f"R4: others were told only after {slowest:.1f} s",) if slowest > 5 else (),
    )


def _refuse_one(stage: Stage, person: Person) -> Report:
    """One reader has no mailbox any more: that is seen, and somebody else hears of it."""
    gone, other = "gone@team.example", "other@team.example"
    stage.watch(person, "/service", addresses=[gone, other])
    stage.confirm([gone, other])
    stage.sink.treat(gone, answers.REFUSE)
    _fail(stage, ["/service"])
    wait_until(lambda: bool(_attempts_to(stage, gone)), within_s=30)
    refused_at = now_s()
    path = f"/workspaces/{person.workspace_id}/deliveries"

    def is_shown() -> bool:
        return any(one["state"] == "given_up" for one in person.get(path)["items"])

    shown = wait_until(is_shown, within_s=10)
    seconds = now_s() - refused_at
    told = wait_until(
        lambda: any(kind_of(mail) == "undelivered" for mail in stage.mails_to(person.email)),
        within_s=10,
    )
    pause(5)
    tries = len(_attempts_to(stage, gone))

    def faults() -> Iterator[str]:
        if not shown:
            yield "R4: the API does not show within 10 s that a message was given up"
        if not told:
            yield "R4: the owner was not told that somebody cannot be reached"
        if tries != 1:
            yield f"R4: a mailbox that does not exist was tried {tries} times"
        if not stage.mails_to(other):
            yield "R4: the other reader was not told"

    return Report(
        figures=(
            (
                f"R4: a reader is refused: shown after {seconds:.1f} s (goal: 10 s), tried {tries} "
                f"times, the owner is {'told' if told else 'not told'}"
            ),
        ),
        faults=tuple(faults()),
    )


def _be_busy_for_all(stage: Stage, person: Person, *, readers: int = 8) -> Report:
    """Everybody is asked to come back later; all do, after growing delays, not in step."""
    addresses = {f"/service-{n}": f"reader-{n}@team-{n}.example" for n in range(readers)}
    for path, address in addresses.items():
        stage.watch(person, path, addresses=[address])
    stage.confirm(addresses.values())
    stage.sink.treat("*", answers.BUSY)
    _fail(stage, addresses)
    wait_until(lambda: _least_attempts(stage, addresses.values()) >= 4, within_s=60)
    gaps = {address: _gaps(stage, address)[:3] for address in addresses.values()}
    stage.sink.treat("*", answers.ACCEPT)
    arrived = wait_until(
        lambda: all(stage.mails_to(each) for each in addresses.values()), within_s=60
    )

    def faults() -> Iterator[str]:
        if not arrived:
            yield "R4: somebody was not told after the mail server took mails again"
        for address, listed in gaps.items():
            for number, gap in enumerate(listed):
                delay_s = FIRST_DELAY_S * 2**number
                # A quarter less by jitter; more by the poll and by a busy machine.
                if not 0.7 * delay_s <= gap <= delay_s + 3:
                    yield f"R4: attempt {number + 2} to {address} came after {gap:.1f} s"
        if len({round(listed[0], 2) for listed in gaps.values() if listed}) == 1:
            yield "R4: all come back in step"

    seen = [", ".join(f"{gap:.1f}" for gap in listed) for listed in gaps.values()]
    return Report(
        figures=(
            (
                f"R4: busy for all: delays of {FIRST_DELAY_S:g}, {2 * FIRST_DELAY_S:g} and "
                f"{4 * FIRST_DELAY_S:g} s less jitter (scaled by {BAD_SCALE:g}); one reader saw "
                f"{seen[0]} s, another {seen[-1]} s"
            ),
        ),
        faults=tuple(faults()),
    )


def _drop_after_the_dot(stage: Stage, person: Person) -> Report:
    """The connection is cut when the mail is taken: the sender cannot know, and sends again."""
    reader = "reader@team.example"
    stage.watch(person, "/service", addresses=[reader])
    stage.confirm([reader])
    stage.sink.script(answers.DROP)
    _fail(stage, ["/service"])
    wait_until(lambda: len(stage.mails_to(reader)) >= 2, within_s=30)
    pause(3)
    mails = stage.mails_to(reader)
    ids = {message_id_of(mail) for mail in mails}
    numbers = [int(mail.message["X-Allgreen-Attempt"]) for mail in mails]

    def faults() -> Iterator[str]:
        if len(mails) != 2 or len(ids) != 1:
            yield f"R4: {len(mails)} copies with {len(ids)} Message-IDs came after a cut"
        if numbers != list(range(1, len(mails) + 1)):
            yield f"R4: the attempts are numbered {numbers}"

    return Report(
        figures=(f"R4: cut after the dot: {len(mails)} copies, {len(ids)} Message-ID",),
        faults=tuple(faults()),
    )


def _fail(stage: Stage, paths: Collection[str]) -> None:
    """Let paths fail from now on, once each was asked."""
    wait_until(lambda: stage.target.log.keys() >= set(paths), within_s=30)
    for path in paths:
        stage.target.plans[path] = [now_s()]


def _attempts_to(stage: Stage, address: str) -> list[ReceivedMail]:
    """Return what was sent to an address about services, whatever it was answered."""
    return [
        mail
        for mail in stage.sink.attempts
        if address in mail.recipients and kind_of(mail) in ("down", "up", "digest")
    ]


def _least_attempts(stage: Stage, addresses: Iterable[str]) -> int:
    return min(len(_attempts_to(stage, each)) for each in addresses)


def _gaps(stage: Stage, address: str) -> list[float]:
    attempts = _attempts_to(stage, address)
    return [later.at - earlier.at for earlier, later in pairwise(attempts)]


def _joined(*reports: Report) -> Report:
    return Report(
        figures=tuple(line for report in reports for line in report.figures),
        faults=tuple(fault for report in reports for fault in report.faults),
        not_run=tuple(line for report in reports for line in report.not_run),
    )
