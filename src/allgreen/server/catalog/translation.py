"""Between the form and the domain: what people typed becomes checks, and back.

Everything that cannot work is refused here, before it is saved, with a sentence for its field.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypedDict

from allgreen.domain.check import (
    Check,
    CheckKind,
    Confirmation,
    DnsOptions,
    HttpOptions,
    TcpOptions,
    TlsOptions,
)
from allgreen.domain.identity import CheckId, ServiceId, WorkspaceId
from allgreen.domain.watcher import grid_of
from allgreen.outbound.guard import TargetGuard
from allgreen.ports import IdFactory
from allgreen.server.catalog.check_schemas import (
    CheckInput,
    CheckView,
    DnsCheckView,
    ExpectationsView,
    Header,
    HttpCheckView,
    HttpMethod,
    TcpCheckView,
    TlsCheckView,
)
from allgreen.server.catalog.expectations import Asked, read_expectations, show_expectations
from allgreen.server.catalog.mistakes import Problems, join
from allgreen.server.catalog.options import OptionsReader, show_url
from allgreen.server.catalog.schemas import Period, PeriodUnit

LONGEST_PERIOD = timedelta(weeks=52)
SHORTEST_REMINDER = timedelta(minutes=5)
_UNITS = {
    PeriodUnit.WEEKS: timedelta(weeks=1),
    PeriodUnit.DAYS: timedelta(days=1),
    PeriodUnit.HOURS: timedelta(hours=1),
    PeriodUnit.MINUTES: timedelta(minutes=1),
    PeriodUnit.SECONDS: timedelta(seconds=1),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What checks of one service have in common.

    Attributes:
        known: The checks that are there already, by id; their secrets can be kept.
    """

    workspace_id: WorkspaceId
    service_id: ServiceId
    every: timedelta
    at: datetime
    new_id: IdFactory
    guard: TargetGuard
    known: Mapping[CheckId, Check] = field(default_factory=dict)


def read_period(period: Period, *, shortest: timedelta, problems: Problems) -> timedelta:
    """Return the period as elapsed time; an impossible one is noted and replaced."""
    try:
        every = period.every * _UNITS[period.unit]
    except OverflowError:
        every = LONGEST_PERIOD * 2
    if every < shortest:
        problems.add(
            "period.every", "too_short", f"Services are checked at most every {_words(shortest)}."
        )
    elif every > LONGEST_PERIOD:
        problems.add("period.every", "too_long", "Choose a period of at most 52 weeks.")
    else:
        return every
    return max(shortest, timedelta(seconds=1))


def read_reminder(period: Period | None, problems: Problems) -> timedelta | None:
    """Return how often to remind of an outage; `None` for never."""
    if period is None:
        return None
    found = Problems()
    every = read_period(period, shortest=SHORTEST_REMINDER, problems=found)
    for _ in found.found:
        problems.add("remind_every", "period", "Remind every five minutes at most, or less often.")
    return every


def show_period(every: timedelta) -> Period:
    """Return a period in the largest unit that fits whole; in weeks only from two on."""
    for unit, length in _UNITS.items():
        count, rest = divmod(every, length)
        if count and not rest and (unit is not PeriodUnit.WEEKS or count > 1):
            return Period(every=count, unit=unit)
    return Period(every=round(every.total_seconds()), unit=PeriodUnit.SECONDS)


def read_checks(forms: Sequence[CheckInput], frame: Frame, problems: Problems) -> tuple[Check, ...]:
    """Return the checks that a form describes; what is wrong with them is noted."""
    ids = [form.id for form in forms if form.id is not None]
    if len(set(ids)) != len(ids):
        problems.add("checks", "twice", "A check stands there twice. Keep one of them.")
    checks = [
        read_check(form, frame, problems, under=f"checks.{index}")
        for index, form in enumerate(forms)
    ]
    return tuple(check for check in checks if check is not None)


def read_check(form: CheckInput, frame: Frame, problems: Problems, *, under: str) -> Check | None:
    """Return one check; `None` when something is wrong with it, which is noted below `under`."""
    old = frame.known.get(CheckId(form.id)) if form.id is not None else None
    before = len(problems.found)
    if form.id is not None and old is None:
        problems.add(join(under, "id"), "unknown", "This check is not there any more. Reload.")
    options = OptionsReader(guard=frame.guard, problems=problems, under=under, old=old).read(form)
    record_type = options.record_type if isinstance(options, DnsOptions) else None
    asked = Asked(kind=CheckKind(form.kind), record_type=record_type)
    place = join(under, "expectations")
    expectation = read_expectations(form.expectations, asked, problems, place)
    _check_limits(form, problems, join(place, "answers_within_ms"))
    if len(problems.found) > before:
        return None
    within = form.expectations.answers_within_ms
    check_id = old.id if old else CheckId(frame.new_id())
    return Check(
        id=check_id,
        workspace_id=frame.workspace_id,
        service_id=frame.service_id,
        kind=asked.kind,
        options=options,
        expectation=expectation,
        schedule=old.schedule if old else grid_of(check_id, frame.every, frame.at),
        timeout=timedelta(milliseconds=form.timeout_ms),
        answers_within=None if within is None else timedelta(milliseconds=within),
        upside_down=form.upside_down,
        confirmation=Confirmation(down=form.confirm_down, up=form.confirm_up),
    )


def show_check(check: Check, *, is_whole: bool) -> CheckView:
    """Return a check as the form shows it; what is sent as a secret is never shown.

    Args:
        check: What is stored.
        is_whole: Show what may hold a secret too, the query of the URL and the expected text; for
            those who may edit it.
    """
    common = _Common(
        id=check.id,
        expectations=show_expectations(check, is_whole=is_whole),
        timeout_ms=_milliseconds(check.timeout),
        confirm_down=check.confirmation.down,
        confirm_up=check.confirmation.up,
        upside_down=check.upside_down,
    )
    match check.options:
        case HttpOptions() as http:
            return HttpCheckView(
                **common,
                kind="http",
                method=HttpMethod(http.method),
                url=show_url(http.url, is_whole=is_whole),
                headers=[Header(name=name, value=None) for name in http.headers],
                body=None,
                follow_redirects=http.follow_redirects,
                verify_tls=http.verify_tls,
            )
        case DnsOptions() as dns:
            return DnsCheckView(
                **common,
                kind="dns",
                name=dns.name,
                record_type=dns.record_type,
                server=dns.server,
            )
        case TcpOptions() as tcp:
            return TcpCheckView(**common, kind="tcp", host=tcp.hostname, port=tcp.port, send=None)
        case TlsOptions() as tls:
            return TlsCheckView(
                **common,
                kind="tls",
                host=tls.hostname,
                port=tls.port,
                server_name=tls.server_name,
                verify_tls=tls.verify,
            )


class _Common(TypedDict):
    id: str
    expectations: ExpectationsView
    timeout_ms: int
    confirm_down: int
    confirm_up: int
    upside_down: bool


def _check_limits(form: CheckInput, problems: Problems, where: str) -> None:
    within = form.expectations.answers_within_ms
    if within is not None and within >= form.timeout_ms:
        problems.add(
            where,
            "not_below_timeout",
            f"Answers are awaited for {form.timeout_ms} ms. Choose less, or a longer timeout.",
        )


def _milliseconds(duration: timedelta) -> int:
    return round(duration / timedelta(milliseconds=1))


def _words(duration: timedelta) -> str:
    period = show_period(duration)
    unit = period.unit.value.rstrip("s")
    return unit if period.every == 1 else f"{period.every} {unit}s"
