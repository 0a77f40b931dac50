"""Between the form and the domain: what people typed becomes checks, and back.

Everything that cannot work is refused here, before it is saved, with a sentence for its field.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit, urlunsplit

from allgreen.domain.check import Check, CheckKind, Confirmation, HttpOptions
from allgreen.domain.expectation import (
    AllOf,
    BodyContains,
    CertificateLasts,
    Expectation,
    JsonOperator,
    JsonValue,
    StatusIs,
)
from allgreen.domain.identity import CheckId, ServiceId, WorkspaceId
from allgreen.domain.watcher import grid_of
from allgreen.errors import FieldProblem, InvalidInputError, TargetBlockedError
from allgreen.executors.matching import validate_json_path
from allgreen.outbound.guard import TargetGuard
from allgreen.outbound.request import validate_body, validate_headers
from allgreen.outbound.url import Target, parse_target
from allgreen.ports import IdFactory
from allgreen.server.catalog.schemas import (
    CheckInput,
    CheckView,
    ExpectationsInput,
    ExpectationsView,
    Header,
    HttpMethod,
    JsonValueRule,
    Period,
    PeriodUnit,
)

LONGEST_PERIOD = timedelta(weeks=52)
SHORTEST_REMINDER = timedelta(minutes=5)
HIDDEN = "••••"
_UNITS = {
    PeriodUnit.WEEKS: timedelta(weeks=1),
    PeriodUnit.DAYS: timedelta(days=1),
    PeriodUnit.HOURS: timedelta(hours=1),
    PeriodUnit.MINUTES: timedelta(minutes=1),
    PeriodUnit.SECONDS: timedelta(seconds=1),
}


@dataclass(slots=True)
class Problems:
    """Collects what is wrong, so that people see all of it at once."""

    found: list[FieldProblem] = field(default_factory=list)

    def add(self, where: str, code: str, message: str) -> None:
        """Note one problem of one field."""
        self.found.append(FieldProblem(field=where, code=code, message=message))

    def check(self, where: str, code: str, validate: Callable[[], object]) -> None:
        """Note the sentence of the `ValueError` that a validation raises."""
        try:
            validate()
        except ValueError as error:
            self.add(where, code, str(error))

    def refuse(self) -> None:
        """Raise when there is any.

        Raises:
            InvalidInputError: With all of them.
        """
        if self.found:
            raise InvalidInputError(self.found)


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
        problems.add(_join(under, "id"), "unknown", "This check is not there any more. Reload.")
    target = _read_url(form.url, frame.guard, problems, _join(under, "url"))
    headers = _read_headers(form.headers, old, target, problems, _join(under, "headers"))
    body = _read_body(form, old, target, problems, _join(under, "body"))
    expectation = _read_expectations(form.expectations, problems, _join(under, "expectations"))
    _check_limits(form, problems, _join(under, "expectations.answers_within_ms"))
    if len(problems.found) > before:
        return None
    within = form.expectations.answers_within_ms
    check_id = old.id if old else CheckId(frame.new_id())
    return Check(
        id=check_id,
        workspace_id=frame.workspace_id,
        service_id=frame.service_id,
        kind=CheckKind.HTTP,
        options=HttpOptions(
            method=form.method.value,
            url=form.url,
            headers=headers,
            body=body,
            follow_redirects=form.follow_redirects,
            verify_tls=form.verify_tls,
        ),
        expectation=expectation,
        schedule=old.schedule if old else grid_of(check_id, frame.every, frame.at),
        timeout=timedelta(milliseconds=form.timeout_ms),
        answers_within=None if within is None else timedelta(milliseconds=within),
        confirmation=Confirmation(down=form.confirm_down),
    )


def show_check(check: Check, *, is_whole: bool) -> CheckView:
    """Return a check as the form shows it; header values and body are never shown.

    Args:
        check: What is stored.
        is_whole: Show what may hold a secret too, the query of the URL and the expected text; for
            those who may edit it.
    """
    options = _asked(check)
    return CheckView(
        id=check.id,
        kind="http",
        method=HttpMethod(options.method),
        url=options.url if is_whole else _without_query(options.url),
        headers=[Header(name=name, value=None) for name in options.headers],
        body=None,
        expectations=_show_expectations(check, is_whole=is_whole),
        timeout_ms=_milliseconds(check.timeout),
        confirm_down=check.confirmation.down,
        follow_redirects=options.follow_redirects,
        verify_tls=options.verify_tls,
    )


def show_address(url: str) -> str:
    """Return host and path of a URL: no scheme, user, query or fragment."""
    parts = urlsplit(url)
    return f"{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}"


def _read_url(url: str, guard: TargetGuard, problems: Problems, where: str) -> Target | None:
    try:
        target = parse_target(url)
        guard.vet_target(target)
    except TargetBlockedError as error:
        problems.add(where, "blocked", _sentence(error))
    except ValueError as error:
        problems.add(where, "url", str(error))
    else:
        return target
    return None


def _sentence(error: TargetBlockedError) -> str:
    return f"{str(error).rstrip('.')}. Use a public address, or ask who runs Allgreen to allow it."


def _read_headers(
    forms: Sequence[Header],
    old: Check | None,
    target: Target | None,
    problems: Problems,
    where: str,
) -> dict[str, str]:
    stored = _asked(old).headers if old else {}
    kept = {name.lower(): value for name, value in stored.items()}
    headers: dict[str, str] = {}
    for index, form in enumerate(forms):
        place = _join(where, f"{index}")
        value = kept.get(form.name.lower()) if form.value is None else form.value
        if value is None:
            problems.add(_join(place, "value"), "missing", "Write the value to send.")
            continue
        if form.value is None and _moved(old, target):
            problems.add(_join(place, "value"), "missing", f"{_MOVED} Write the value again.")
            continue
        code, field_ = _place_of_header_problem(form.name, value, target)
        if form.name.lower() in {name.lower() for name in headers}:
            problems.add(_join(place, "name"), "twice", "This header stands there twice.")
        elif code is not None:
            problems.add(_join(place, field_), "header", code)
        headers[form.name] = value
    return headers


def _place_of_header_problem(
    name: str, value: str, target: Target | None
) -> tuple[str | None, str]:
    try:
        validate_headers({name: "" if name.lower() != "host" else value}, target)
    except ValueError as error:
        return str(error), "name"
    try:
        validate_headers({name: value}, target)
    except ValueError as error:
        return str(error), "value"
    return None, ""


def _asked(check: Check) -> HttpOptions:
    assert isinstance(check.options, HttpOptions), "the form has no other kind"
    return check.options


def _moved(old: Check | None, target: Target | None) -> bool:
    """Tell whether stored secrets would go to another place than they were meant for."""
    return old is not None and target is not None and _origin(old) != target.origin


def _origin(check: Check) -> tuple[str, str, int] | None:
    try:
        return parse_target(_asked(check).url).origin
    except ValueError:
        return None


_MOVED = "The address leads to another host now."


def _read_body(
    form: CheckInput, old: Check | None, target: Target | None, problems: Problems, where: str
) -> str | None:
    # The stored body is a secret like the headers and is never shown, so a form that leaves it
    # out means: as it was. An empty text takes it away.
    stored = None if old is None else _asked(old).body
    if form.body is None and stored is not None:
        if _moved(old, target):
            problems.add(where, "missing", f"{_MOVED} Write the body again, or clear it.")
        return stored
    body = form.body or None
    problems.check(where, "body", lambda: validate_body(body))
    return body


def _read_expectations(form: ExpectationsInput, problems: Problems, where: str) -> Expectation:
    parts: list[Expectation] = []
    try:
        parts.append(StatusIs.parse(form.status))
    except ValueError as error:
        problems.add(_join(where, "status"), "status", str(error))
    if form.body_contains:
        parts.append(BodyContains(text=form.body_contains))
    for index, rule in enumerate(form.json_values):
        parts.append(_read_rule(rule, problems, _join(where, f"json_values.{index}")))
    if form.certificate_days is not None:
        parts.append(CertificateLasts(days=form.certificate_days))
    return AllOf(parts=tuple(parts))


def _read_rule(rule: JsonValueRule, problems: Problems, where: str) -> JsonValue:
    path = rule.path.strip()
    problems.check(_join(where, "path"), "json_path", lambda: validate_json_path(path))
    if rule.operator in (JsonOperator.ABOVE, JsonOperator.BELOW):
        problems.check(_join(where, "value"), "number", lambda: _check_number(rule.value))
    value = "" if rule.operator is JsonOperator.EXISTS else rule.value
    return JsonValue(path=path, operator=rule.operator, value=value)


def _check_number(text: str) -> None:
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not -1e308 <= number <= 1e308:
        raise ValueError("Above and below compare numbers. Write one, such as 500.")


def _check_limits(form: CheckInput, problems: Problems, where: str) -> None:
    within = form.expectations.answers_within_ms
    if within is not None and within >= form.timeout_ms:
        problems.add(
            where,
            "not_below_timeout",
            f"Answers are awaited for {form.timeout_ms} ms. Choose less, or a longer timeout.",
        )


def _without_query(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _show_expectations(check: Check, *, is_whole: bool) -> ExpectationsView:
    parts = list(_parts_of(check.expectation))
    status = next((str(part) for part in parts if isinstance(part, StatusIs)), "")
    body = next((part.text for part in parts if isinstance(part, BodyContains)), None)
    days = next((part.days for part in parts if isinstance(part, CertificateLasts)), None)
    rules = [
        JsonValueRule(path=part.path, operator=part.operator, value=part.value)
        for part in parts
        if isinstance(part, JsonValue)
    ]
    within = check.answers_within
    return ExpectationsView(
        status=status,
        body_contains=body if is_whole or body is None else HIDDEN,
        json_values=rules,
        answers_within_ms=None if within is None else _milliseconds(within),
        certificate_days=days,
    )


def _parts_of(expectation: Expectation) -> Iterator[Expectation]:
    if isinstance(expectation, AllOf):
        for part in expectation.parts:
            yield from _parts_of(part)
    else:
        yield expectation


def _milliseconds(duration: timedelta) -> int:
    return round(duration / timedelta(milliseconds=1))


def _words(duration: timedelta) -> str:
    period = show_period(duration)
    unit = period.unit.value.rstrip("s")
    return unit if period.every == 1 else f"{period.every} {unit}s"


def _join(under: str, name: str) -> str:
    return f"{under}.{name}" if under else name
