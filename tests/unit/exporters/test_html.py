"""The page: what it says, to whom, and that nothing in it is more than text."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser

import pytest
from hypothesis import given

from allgreen.domain.report import CheckResult, Detail, Ending, Evidence, Report
from allgreen.domain.status import CheckVerdict, HealthStatus
from allgreen.exporters.html import (
    CONTENT_SECURITY_POLICY,
    STYLE_SHA256,
    USUAL_BYTES,
    render_html,
)
from allgreen.exporters.plain import make_line, make_plain
from tests.unit.exporters.reports import (
    any_report,
    drawn,
    failed,
    hostile,
    report,
    result,
    skipped,
)

KIB = 1024
VOID = {"meta", "link", "path", "circle", "rect", "use"}
TAGS = VOID | {
    "html", "head", "title", "style", "body", "svg", "defs", "symbol", "main", "header", "div",
    "g", "span", "h1", "nav", "a", "b", "h2", "ul", "li", "i", "details", "summary", "dl", "dt",
    "dd", "code", "pre", "footer", "p",
}  # fmt: skip
ATTRIBUTES = {
    "lang", "charset", "name", "content", "rel", "href", "class", "id", "viewbox", "width",
    "height", "aria-hidden", "aria-label", "role", "title", "open", "tabindex", "cx", "cy", "r",
    "d", "fill", "stroke", "stroke-width", "stroke-linejoin", "stroke-dasharray", "x", "y", "rx",
}  # fmt: skip


class Parsed(HTMLParser):
    """What a browser finds in a page: text by tag, and attributes.

    Attributes:
        texts: Tag, class, and the text directly in it.
    """

    def __init__(self, body: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[tuple[str, str, str]] = []
        self.attributes: list[tuple[str, str, str]] = []
        self._open: list[tuple[str, str]] = []
        self.feed(body.decode())
        self.close()
        assert self._open == [], "every tag is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self._open.append((tag, dict(attrs).get("class") or ""))
            self.texts.append((*self._open[-1], ""))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag, "tags are closed in order"

    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts.append((*self._open[-1], data))

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"there is no comment, but {data!r}")

    def all(self, tag: str, class_: str = "") -> list[str]:
        """Return every text of a tag that is not empty."""
        return [
            text for name, one, text in self.texts if (name, one) == (tag, class_) and text.strip()
        ]

    def ids(self) -> list[str]:
        """Return what can be linked to."""
        return [value for _, name, value in self.attributes if name == "id"]


def _page(anything: Report, detail: Detail = Detail.FULL, **options: bool) -> Parsed:
    return Parsed(render_html(anything, detail, **options))


def _time(one: CheckResult) -> str:
    times = _page(report(one)).all("span", "t")
    return times[0] if times else ""


@pytest.mark.semantics(6)
def test_the_page_says_what_was_drawn() -> None:
    page = Parsed(render_html(drawn(), http_status=503, can_refresh=True))

    assert page.all("title") == ["2 of 9 checks fail · orders-api"]
    assert page.all("h1") == ["Two of nine checks fail."]
    assert page.all("div", "top") == ["orders-api"]
    assert page.all("h2") == ["Failing", "Passing", "Skipped"]
    assert page.all("b", "n") == [
        "Payment provider answers", "Search index is fresh", "Database is accessible",
        "Queue is short", "Cache answers", "Disk has room", "Migrations are applied",
        "Exchange rates are recent", "Fake data is loaded",
    ]  # fmt: skip
    assert page.all("span", "t") == [
        "312 ms", "stopped at 5 s", "4 ms", "1 ms", "2 ms", "0 ms", "11 ms", "from 21:04",
    ]  # fmt: skip
    assert page.all("span", "d msg") == [
        "Expected 503 to equal 200",
        "Took longer than its timeout of 5 s",
    ]
    assert page.all("span", "d") == ["38 is less than 500", "64 GB is greater than 10 GB"]
    assert page.all("i") == ["Runs 2 times per day. Next at 09:00 UTC.", "Only runs in development"]
    assert page.all("dt") == ["Expected", "Got"]
    assert page.all("code") == ["200", "503"]
    assert page.all("pre") == [
        "allgood.py:18  in payment_provider\n    expect(r.status_code).to_eq(200)"
    ]
    assert page.all("a") == ["Run again", "JSON"]


def test_the_facts_of_the_run_stand_below_the_pipes() -> None:
    body = render_html(drawn(), http_status=503).decode()

    facts = re.sub(r"<[^>]+>", " ", body[body.index('"meta"') + 7 : body.index("</header>")])
    assert facts.split() == (
        [
            "HTTP",
            "503",
            "Ran",
            "in",
            "5.03",
            "s",
            "14",
            "April",
            "2026,",
            "23:58:12",
            "UTC",
            "Version",
            "4.12.0",
        ]
    )


@pytest.mark.semantics(55)
def test_every_pipe_has_a_name_and_leads_to_its_row() -> None:
    page = _page(drawn())

    links = [value for tag, name, value in page.attributes if (tag, name) == ("a", "href")]
    labels = [value for tag, name, value in page.attributes if (tag, name) == ("a", "aria-label")]
    assert links == [*[f"#c{at}" for at in range(1, 10)], "?format=json"]
    assert set(page.ids()) == {*[f"c{at}" for at in range(1, 10)], "u", "x", "p", "n"}
    assert labels[:2] == ["Payment provider answers: failed", "Search index is fresh: timed out"]


@pytest.mark.parametrize("can_refresh", [True, False])
def test_run_again_is_for_those_who_may(can_refresh: bool) -> None:
    page = _page(drawn(), can_refresh=can_refresh)

    assert ("Run again" in page.all("a")) is can_refresh


@pytest.mark.parametrize(
    ("status", "colour"),
    [
        (HealthStatus.HEALTHY, "%2337AF82"),
        (HealthStatus.DEGRADED, "%23ED7B0B"),
        (HealthStatus.UNHEALTHY, "%23C71626"),
    ],
)
def test_the_icon_has_the_colour_of_the_status(status: HealthStatus, colour: str) -> None:
    page = _page(report(empty=status))

    (icon,) = [value for tag, name, value in page.attributes if (tag, name) == ("link", "href")]
    assert icon.startswith("data:image/svg+xml,")
    assert colour in icon


@pytest.mark.semantics(55)
def test_the_policy_names_the_hash_of_the_only_style() -> None:
    body = render_html(drawn())

    (style,) = re.findall(rb"<style>(.*?)</style>", body, re.DOTALL)
    assert b64encode(sha256(style).digest()).decode() == STYLE_SHA256
    assert f"style-src 'sha256-{STYLE_SHA256}'" in CONTENT_SECURITY_POLICY
    assert b" style=" not in body
    assert b"<script" not in body


@pytest.mark.semantics(55)
def test_nothing_is_fetched_from_elsewhere() -> None:
    body = render_html(drawn()).decode()

    addresses = set(re.findall(r"(?:https?:)?//[^\s'\"<]+", body))
    assert addresses == {"http://www.w3.org/2000/svg"}  # a name, and no address


@pytest.mark.semantics(15, 55)
@given(any_report())
def test_whatever_a_check_says_is_text(anything: Report) -> None:
    for detail in Detail:
        page = _page(anything, detail)
        assert {tag for tag, _, _ in page.texts} <= TAGS
        assert {name for _, name, _ in page.attributes} <= ATTRIBUTES
        assert len(page.ids()) == len(set(page.ids()))


@pytest.mark.semantics(15, 55)
@given(any_report())
def test_every_text_arrives_as_it_was(anything: Report) -> None:
    page = Parsed(render_html(anything))

    shown = sorted(page.all("span", "d") + page.all("span", "d msg") + page.all("i"))
    for one in anything.results:
        if one.message.strip():
            assert make_plain(one.message) in shown
        if one.note.strip():
            assert make_plain(one.note) in shown
    names = [make_line(one.label.description or one.name) for one in anything.results]
    assert sorted(page.all("b", "n")) == sorted(name for name in names if name.strip())


@pytest.mark.semantics(55)
def test_text_cannot_leave_its_attribute() -> None:
    nasty = "\" onload='x' ><script>\x00\u202e\U0001f600"
    page = _page(report(result(description=nasty)))

    (label,) = [value for tag, name, value in page.attributes if (tag, name) == ("a", "title")]
    assert label == "\" onload='x' ><script>\\x00\\u202e\U0001f600: passed"


@pytest.mark.semantics(56)
def test_a_summary_holds_names_and_verdicts_and_nothing_that_was_found() -> None:
    secret = hostile(1, "s3cr3t")._replace(label=result("db", "Database answers").label)

    body = render_html(
        report(secret, version="s3cr3t", environment="s3cr3t"), Detail.SUMMARY
    ).decode()

    assert "s3cr3t" not in body
    page = Parsed(body.encode())
    assert page.all("b", "n") == ["Database answers"]
    assert page.all("span", "t") == []
    assert page.all("h1") == ["The only check fails."]


@pytest.mark.semantics(56)
@pytest.mark.parametrize("status", HealthStatus)
def test_without_any_detail_there_is_one_sentence(status: HealthStatus) -> None:
    page = _page(report(application="s3cr3t", empty=status), Detail.NONE)

    assert page.all("h1") == [f"This program is {status}."]
    assert page.all("title") == [f"This program is {status}"]
    assert page.all("nav") == page.all("h2") == page.all("p", "c") == []
    assert "s3cr3t" not in str(page.texts)


@pytest.mark.semantics(56)
@pytest.mark.parametrize(("environment", "is_shown"), [("development", True), ("staging", False)])
def test_a_traceback_is_shown_in_development_only(environment: str, is_shown: bool) -> None:
    one = failed(evidence=Evidence(where="a.py:1", traceback="Traceback: deep"))

    page = _page(report(one, environment=environment))

    assert page.all("pre") == (["a.py:1", "Traceback: deep"] if is_shown else ["a.py:1"])
    assert page.all("summary") == (["Where", "Traceback"] if is_shown else ["Where"])


def test_only_the_first_evidence_is_open_from_the_start() -> None:
    evidence = Evidence(expected="1", actual="2")
    page = _page(
        report(failed("a"), failed("b", evidence=evidence), failed("c", evidence=evidence))
    )

    assert len([name for _, name, _ in page.attributes if name == "open"]) == 1
    assert page.all("summary") == ["Where", "Where"]


@pytest.mark.semantics(42)
def test_a_broken_configuration_names_file_line_and_message() -> None:
    broken = result(
        "allgreen:config",
        "Configuration of the checks can be read",
        CheckVerdict.ERROR,
        ending=Ending.MISCONFIGURED,
        message="config/allgood.py, line 12: '(' was never closed",
        evidence=Evidence(where="config/allgood.py:12\n    expect(len(queue)"),
    )

    page = _page(report(broken, result()))

    assert page.all("h1") == ["One of two checks fails."]
    assert page.all("b", "n")[0] == "Configuration of the checks can be read"
    assert page.all("span", "d msg") == ["config/allgood.py, line 12: '(' was never closed"]
    assert page.all("pre") == ["config/allgood.py:12\n    expect(len(queue)"]
    assert page.all("span", "t") == ["4 ms"]


@pytest.mark.parametrize(
    ("one", "shown"),
    [
        (result(duration_ms=0.4), "0 ms"),
        (result(age_s=59), "4 ms"),
        (result(age_s=90), "from 23:56"),
        (result(age_s=90_000), "from 13 April, 22:58"),
        (failed(ending=Ending.TIMED_OUT, duration_ms=5003), "stopped at 5 s"),
        (failed(ending=Ending.TIMED_OUT, duration_ms=250.4), "stopped at 250 ms"),
        (failed(ending=Ending.STILL_RUNNING, duration_ms=125_000), "running for 2 min 5 s"),
        (failed(ending=Ending.UNFINISHED), "not finished"),
        (failed(ending=Ending.QUEUED), "not begun"),
        (failed(ending=Ending.STALE, is_stale=True, age_s=10_900), "3 h old"),
        (result(is_stale=True, age_s=12), "12 s old"),
        (skipped(), ""),
    ],
)
def test_the_end_of_a_row_says_how_long_or_of_when(one: CheckResult, shown: str) -> None:
    assert _time(one) == shown


@pytest.mark.parametrize(
    ("one", "word", "glyph"),
    [
        (result(), "Passed", "#u"),
        (failed(), "Failed", "#x"),
        (result(verdict=CheckVerdict.ERROR), "Error", "#x"),
        (failed(ending=Ending.TIMED_OUT), "Timed out", "#p"),
        (failed(ending=Ending.TIMED_OUT, is_critical=False), "Timed out", "#p"),
        (failed(ending=Ending.STILL_RUNNING), "Still running", "#p"),
        (failed(ending=Ending.UNFINISHED), "Not finished", "#p"),
        (failed(ending=Ending.QUEUED), "Not begun", "#p"),
        (failed(ending=Ending.STALE), "Stale", "#p"),
        (failed(is_critical=False), "Degraded", "#p"),
        (skipped(), "Skipped", "#n"),
    ],
)
def test_every_row_has_a_word_and_a_form_of_its_own(
    one: CheckResult, word: str, glyph: str
) -> None:
    attributes = _page(report(one)).attributes

    assert ("svg", "aria-label", word) in attributes
    assert [value for tag, name, value in attributes if (tag, name) == ("use", "href")] == [glyph]


def test_a_degraded_check_has_a_section_of_its_own() -> None:
    page = _page(report(result(), failed(is_critical=False), failed("b"), skipped()))

    assert page.all("h2") == ["Failing", "Degraded", "Passing", "Skipped"]


@pytest.mark.semantics(28, 63)
def test_what_else_is_known_of_a_result_is_said() -> None:
    page = _page(
        report(
            result("a", is_stale=True, age_s=75),
            result("b", raw_verdict=CheckVerdict.FAILED),
            failed("c", raw_verdict=CheckVerdict.PASSED, note="Kept the loop from turning"),
            failed("d", ending=Ending.STALE, is_stale=True, raw_verdict=CheckVerdict.PASSED),
        )
    )

    assert page.all("i") == [
        "Kept the loop from turning",
        "Its latest run passed.",
        "Found 1 min ago; no newer result came in time.",
        "Its latest run failed.",
    ]


def test_measurements_are_folded_up() -> None:
    metadata = {"free_gb": 64.2, "path": "/var", "pool": {"size": 10}, "long": "x" * 500}
    page = _page(report(result(metadata=metadata)))

    assert page.all("summary") == ["Measured"]
    assert page.all("dt") == ["free_gb", "path", "pool", "long"]
    assert page.all("code") == ["64.2", "/var", '{"size":10}', "x" * 199 + "…"]


@pytest.mark.parametrize(
    ("results", "options", "headline", "explained"),
    [
        ([], {}, "No checks are registered.", "So nothing is known. A check is a function below "),
        ([], {"problem": "The program is starting."}, "The program is starting.", ""),
        (
            [skipped()],
            {},
            "The only check is skipped.",
            "Every check was skipped, so nothing is known.",
        ),
        ([result()], {}, "The only check passes.", ""),
    ],
    ids=["nothing", "another reason", "all skipped", "something"],
)
def test_a_page_without_knowledge_says_why(
    results: list[CheckResult], options: dict[str, str], headline: str, explained: str
) -> None:
    base = report(*results)
    problem = options.get("problem", base.problem)
    page = _page(
        Report(results=base.results, status=base.status, at=base.at, made=base.made,
               duration_ms=1, problem=problem)
    )  # fmt: skip

    assert page.all("h1") == [headline]
    assert (page.all("p", "c") or [""])[0] == explained
    assert page.all("div", "top") == ["Health check"]


@pytest.mark.semantics(60)
def test_thirty_checks_take_less_than_twenty_kilobytes() -> None:
    ordinary = [
        failed(f"check {at}", "Expected 503 to equal 200", evidence=Evidence(expected="200"))
        if at % 10 == 0
        else result(f"check {at}", "Something or other is accessible", message="38 is less than 50")
        for at in range(30)
    ]

    assert len(render_html(report(*ordinary), http_status=503)) < USUAL_BYTES
    assert "…" not in render_html(report(*ordinary)).decode().partition("</style>")[2]


@pytest.mark.semantics(60, "L5")
@pytest.mark.parametrize("text", ["\x00\u202e\"'<>&" * 400_000, "Wörter " * 2000, "\ud800" * 9999])
def test_thirty_hostile_checks_do_not_take_more(text: str) -> None:
    page = render_html(report(*[hostile(at, text) for at in range(30)]), http_status=503)

    assert len(page) <= USUAL_BYTES
    assert len(Parsed(page).all("b", "n")) == 30


@pytest.mark.semantics(60)
def test_a_thousand_checks_are_bounded_and_more_are_counted() -> None:
    ordinary = render_html(report(*[result(f"c{at}", message="38 < 50") for at in range(1000)]))
    huge = render_html(report(*[hostile(at, "\x00" * 999) for at in range(2500)]))

    assert len(ordinary) < 520 * KIB
    assert len(Parsed(ordinary).all("b", "n")) == 1000
    assert len(huge) < 520 * KIB
    page = Parsed(huge)
    assert len(page.all("b", "n")) == 1000
    assert page.all("p", "c") == ["And 1,500 more checks."]
    assert page.all("nav", "pipes") == []
    assert page.all("span")[0] == "production"
    assert "and 2,408 more" in page.all("span")
