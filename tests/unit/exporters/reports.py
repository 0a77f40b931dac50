"""Reports for tests: those of the page's drawing, and hostile ones."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from allgreen.domain.report import NO_METADATA, CheckResult, Ending, Evidence, Label, Report
from allgreen.domain.status import CheckVerdict, HealthStatus

AT = datetime(2026, 4, 14, 23, 58, 12, tzinfo=UTC).timestamp()
MADE = 100_000.0
HOUR = 3600.0

_DERIVED = "derived"


def result(
    name: str = "database",
    description: str = "Database is accessible",
    verdict: CheckVerdict = CheckVerdict.PASSED,
    *,
    status: HealthStatus | str | None = _DERIVED,
    ending: Ending = Ending.ANSWERED,
    message: str = "",
    duration_ms: float = 4.0,
    age_s: float = 0.0,
    evidence: Evidence | None = None,
    metadata: Mapping[str, Any] = NO_METADATA,
    note: str = "",
    tags: frozenset[str] = frozenset(),
    is_critical: bool = True,
    is_stale: bool = False,
    raw_verdict: CheckVerdict | None = None,
) -> CheckResult:
    """Build a result; its status follows from the verdict unless it is given."""
    derived = verdict.health(is_critical=is_critical)
    label = Label(name=name, description=description, tags=tags, is_critical=is_critical)
    return CheckResult(
        label=label,
        verdict=verdict,
        status=derived if status == _DERIVED else HealthStatus(status) if status else None,
        ending=ending,
        message=message,
        at=AT - age_s - duration_ms / 1000,
        finished=MADE - age_s,
        duration_ms=duration_ms,
        evidence=evidence,
        metadata=metadata,
        note=note,
        is_stale=is_stale,
        raw_verdict=raw_verdict,
    )


def failed(name: str = "payments", message: str = "no answer", **options: Any) -> CheckResult:
    """Build the result of a check that said no."""
    return result(name, f"{name} works", CheckVerdict.FAILED, message=message, **options)


def skipped(name: str = "fake_data", message: str = "Only runs in development") -> CheckResult:
    """Build the result of a check that is not meant to run here."""
    verdict, ending = CheckVerdict.SKIPPED, Ending.NOT_MEANT
    return result(name, f"{name} works", verdict, ending=ending, message=message, duration_ms=0)


def report(*results: CheckResult, environment: str = "production", **options: Any) -> Report:
    """Build a report of orders-api."""
    values: dict[str, Any] = {
        "at": AT,
        "made": MADE,
        "duration_ms": 5030.0,
        "application": "orders-api",
        "version": "4.12.0",
        "environment": environment,
    }
    return Report.of(results, **(values | options))


def drawn() -> Report:
    """Return the report that the page was drawn with."""
    where = "allgood.py:18  in payment_provider\n    expect(r.status_code).to_eq(200)"
    evidence = Evidence(expected="200", actual="503", where=where)
    return report(
        result("database", "Database is accessible"),
        result("queue", "Queue is short", message="38 is less than 500", duration_ms=1),
        result(
            "payment_provider",
            "Payment provider answers",
            CheckVerdict.FAILED,
            message="Expected 503 to equal 200",
            duration_ms=312,
            evidence=evidence,
        ),
        result("cache", "Cache answers", duration_ms=2),
        result("disk", "Disk has room", message="64 GB is greater than 10 GB", duration_ms=0),
        result("migrations", "Migrations are applied", duration_ms=11),
        result(
            "search",
            "Search index is fresh",
            CheckVerdict.FAILED,
            ending=Ending.TIMED_OUT,
            message="Took longer than its timeout of 5 s",
            duration_ms=5003,
        ),
        result(
            "rates",
            "Exchange rates are recent",
            note="Runs 2 times per day. Next at 09:00 UTC.",
            age_s=2 * HOUR + 54 * 60,
        ),
        result(
            "fake_data",
            "Fake data is loaded",
            CheckVerdict.SKIPPED,
            ending=Ending.NOT_MEANT,
            note="Only runs in development",
            duration_ms=0,
        ),
        environment="development",
    )


def hostile(number: int, text: str) -> CheckResult:
    """Build a result in which everything that a program chose is the same text."""
    evidence = Evidence(expected=text, actual=text, where=text, traceback=text)
    return result(
        f"{number} {text}",
        text,
        CheckVerdict.ERROR,
        ending=Ending.RAISED,
        message=text,
        note=text,
        tags=frozenset({text}),
        evidence=evidence,
        metadata={text: text, "list": [text] * 50, "deep": {text: {text: text}}},
    )


ANY_TEXT = st.text(st.characters(), max_size=40) | st.sampled_from(
    [
        "</script><script>alert(1)</script>",
        "\" onload='x' `",
        "\x1b[31mred\x00\r\n\x85",
        "\u202egnp.exe\u2066",
        "\ud800 \udfff \ud83d\ude00",
        "\U0001f469\u200d\U0001f680 مرحبا",
        'back\\slash "quote"\nline',
        "]]>--><!-- &amp; &#0;",
    ]
)
"""Any text at all, with half surrogate pairs, and what has harmed others."""

ANY_VALUE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | ANY_TEXT
    | st.binary(max_size=20)
    | st.decimals()
    | st.datetimes()
    | st.timedeltas()
    | st.uuids()
    | st.fractions(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(ANY_TEXT | st.integers() | st.none() | st.booleans(), inner, max_size=4)
        | st.tuples(inner)
        | st.frozensets(st.integers() | ANY_TEXT, max_size=4)
    ),
    max_leaves=12,
)

ANY_METADATA = st.dictionaries(ANY_TEXT, ANY_VALUE, max_size=5)


@st.composite
def any_result(draw: st.DrawFn, name: str) -> CheckResult:
    """Draw a result with any text in every place."""
    return result(
        name,
        draw(ANY_TEXT),
        draw(st.sampled_from(CheckVerdict)),
        ending=draw(st.sampled_from(Ending)),
        message=draw(ANY_TEXT),
        duration_ms=draw(st.floats(0, 1e12)),
        age_s=draw(st.floats(0, 1e8)),
        evidence=draw(
            st.none()
            | st.builds(
                Evidence,
                expected=st.none() | ANY_TEXT,
                actual=st.none() | ANY_TEXT,
                where=st.none() | ANY_TEXT,
                traceback=st.none() | ANY_TEXT,
            )
        ),
        metadata=draw(ANY_METADATA),
        note=draw(ANY_TEXT),
        tags=draw(st.frozensets(ANY_TEXT, max_size=3)),
        is_critical=draw(st.booleans()),
        is_stale=draw(st.booleans()),
        raw_verdict=draw(st.none() | st.sampled_from(CheckVerdict)),
    )


@st.composite
def any_report(draw: st.DrawFn) -> Report:
    """Draw a report of a few results with different names."""
    names = draw(st.lists(ANY_TEXT, max_size=4, unique=True))
    return report(
        *[draw(any_result(name)) for name in names],
        environment=draw(st.sampled_from(["development", "production"]) | ANY_TEXT),
        application=draw(ANY_TEXT),
        version=draw(ANY_TEXT),
    )
