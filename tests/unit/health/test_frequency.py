"""How often a check runs: the grammar of `run=`, and what its periods are."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from allgreen.errors import CheckDefinitionError, FrequencyError
from allgreen.health.frequency import MOST, Frequency, Unit

UNDERSTOOD = {
    "2 times per day": Frequency(2, Unit.DAY),
    "1 time per minute": Frequency(1, Unit.MINUTE),
    "1 times per hour": Frequency(1, Unit.HOUR),
    "1000 times per week": Frequency(1000, Unit.WEEK),
    "once per day": Frequency(1, Unit.DAY),
    "twice per week": Frequency(2, Unit.WEEK),
    "every 15 minutes": Frequency(1, Unit.MINUTE, 15),
    "every 2 weeks": Frequency(1, Unit.WEEK, 2),
    "every 1 hour": Frequency(1, Unit.HOUR),
    "every hour": Frequency(1, Unit.HOUR),
    "every day": Frequency(1, Unit.DAY),
    "  Twice\tPER \n Day ": Frequency(2, Unit.DAY),
    "2 times per day in Europe/Rome": Frequency(2, Unit.DAY, zone="Europe/Rome"),
    "every week in America/New_York": Frequency(1, Unit.WEEK, zone="America/New_York"),
    "once per day IN UTC": Frequency(1, Unit.DAY, zone="UTC"),
}


@pytest.mark.semantics(35)
@pytest.mark.parametrize(("text", "meaning"), UNDERSTOOD.items())
def test_the_grammar(text: str, meaning: Frequency) -> None:
    assert Frequency.parse(text) == meaning


REFUSED = {
    "": "Here is missing: a number, 'once', 'twice' or 'every'. Write",
    "0 times per day": "goes from 1 to 1000. Did you mean 'once per day'?",
    "-2 times per day": "goes from 1 to 1000. Did you mean '2 times per day'?",
    "1001 times per day": "goes from 1 to 1000. Did you mean '1000 times per day'?",
    f"{'9' * 60} times per day": "goes from 1 to 1000. Did you mean '1000 times per day'?",
    "every 0 hours": "goes from 1 to 1000. Did you mean 'once per hour'?",
    "1.5 times per day": "It begins with a number",
    "٢ times per day": "It begins with a number",
    "two times per day": "It begins with a number, .* Did you mean '2 times per day'?",
    "daily": "It begins with a number, .* Did you mean 'once per day'?",
    "2 per day": "The word here is 'times'. Did you mean '2 times per day'?",
    "2 times a day": "The word here is 'per'. Did you mean '2 times per day'?",
    "2 times": "Here is missing: 'per'. Write '2 times per day'.",
    "2 times per": "Here is missing: a unit. Write",
    "2 times per dya": "The unit is minute, hour, day or week. Did you mean '2 times per day'?",
    "2 times per days": "The unit is minute, hour, day or week. Did you mean '2 times per day'?",
    "5 times per second": "The unit is minute, hour, day or week. Write",
    "2 times per month": "The unit is minute, hour, day or week. Write",
    "2 times per day please": "Nothing but 'in' and a time zone may follow. Did you mean",
    "2 times per day in": "Here is missing: a time zone. Did you mean '2 times per day'?",
    "2 times per day in UTC now": "Nothing may follow here. Did you mean",
    "every": "Here is missing: a number or a unit. Write",
    "every 15min": "After 'every' comes a number or a unit. Did you mean 'every 15 minutes'?",
    "every fifteen minutes": "After 'every' comes a number or a unit. Did you mean",
    "every 15 minutes in UTC": "Only a day or a week .* Did you mean 'every 15 minutes'?",
    "every 2 days in UTC": "Only a day or a week can be one of a time zone. Did you mean",
    "5 times per hour in UTC": "Only a day or a week .* Did you mean '5 times per hour'?",
    "once per day in Europe/Roma": "no time zone .* Did you mean 'once per day in Europe/Rome'?",
    "every day in Europe/Roma": "no time zone .* Did you mean 'once per day in Europe/Rome'?",
    "once per day in ../../etc/passwd": "There is no time zone of this name",
    "once per day in localtime": "There is no time zone of this name",
}


@pytest.mark.semantics(35)
@pytest.mark.parametrize(("text", "message"), REFUSED.items())
def test_anything_else_is_refused_with_what_may_be_meant(text: str, message: str) -> None:
    with pytest.raises(CheckDefinitionError, match=message):
        Frequency.parse(text)


@pytest.mark.semantics(35)
@pytest.mark.parametrize("text", ["x" * 101, 2, None, b"once per day", ["once per day"]])
def test_what_is_no_frequency_at_all_is_not_quoted(text: object) -> None:
    with pytest.raises(CheckDefinitionError, match=r"^run= (has 101 characters|is text such as)"):
        Frequency.parse(text)


@pytest.mark.semantics(35)
@pytest.mark.parametrize(
    ("text", "pointed"),
    [
        ("2 times per  dya", "    2 times per dya\n                ^^^"),
        ("2 times", "    2 times\n            ^"),
        ("2\x1b times", "    2? times\n    ^^"),
        ("", "    \n    ^"),
    ],
)
def test_a_caret_points_at_the_wrong_word(text: str, pointed: str) -> None:
    with pytest.raises(FrequencyError) as raised:
        Frequency.parse(text)

    assert str(raised.value).partition("\n")[2] == pointed


FREQUENCIES = st.one_of(
    st.builds(Frequency, st.integers(1, MOST), st.sampled_from(Unit)),
    st.builds(Frequency, st.just(1), st.sampled_from(Unit), st.integers(1, MOST)),
    st.builds(
        Frequency,
        st.integers(1, MOST),
        st.sampled_from([Unit.DAY, Unit.WEEK]),
        zone=st.sampled_from(["Europe/Rome", "America/St_Johns", "Pacific/Apia", "UTC"]),
    ),
)


@pytest.mark.semantics(35)
@given(FREQUENCIES)
def test_what_is_shown_can_be_read_again(frequency: Frequency) -> None:
    assert Frequency.parse(str(frequency)) == frequency


@pytest.mark.semantics(35)
@given(st.one_of(st.text(), st.text("0123456789 aeimnoprstuvydhkw-+/", max_size=30)))
@example("every 7777777777777777777 minutes")
def test_no_text_does_harm(text: str) -> None:
    with suppress(CheckDefinitionError):
        assert 1 <= Frequency.parse(text).limit <= MOST


def seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


PERIODS = {
    "a minute": ("9 times per minute", "2026-03-04T05:06:07.9", "05:06", "05:07"),
    "an hour": ("9 times per hour", "2026-03-04T05:06:07", "05:00", "06:00"),
    "a day": ("2 times per day", "2026-03-04T23:59:59.999", "00:00", "2026-03-05T00:00"),
    "midnight": ("2 times per day", "2026-03-04T00:00", "00:00", "2026-03-05T00:00"),
    "a week": ("once per week", "2026-03-04T05:06", "2026-03-02T00:00", "2026-03-09T00:00"),
    "a week on its Monday": (
        "once per week", "2026-03-02T00:00", "2026-03-02T00:00", "2026-03-09T00:00"
    ),
    "a quarter of an hour": ("every 15 minutes", "2026-03-04T05:06:07", "05:00", "05:15"),
    "two hours": ("every 2 hours", "2026-03-04T05:06:07", "04:00", "06:00"),
    "two weeks": ("every 2 weeks", "1970-01-18T23:00", "1970-01-05T00:00", "1970-01-19T00:00"),
    "before 1970": ("once per day", "1969-12-31T12:00", "00:00", "1970-01-01T00:00"),
}  # fmt: skip


@pytest.mark.semantics(40)
@pytest.mark.parametrize(("text", "at", "begin", "end"), PERIODS.values(), ids=PERIODS)
def test_periods_are_of_the_calendar_in_utc(text: str, at: str, begin: str, end: str) -> None:
    day = at[:11]
    expected = [
        seconds(f"{bound if 'T' in bound else day + bound}+00:00") for bound in (begin, end)
    ]

    assert [*Frequency.parse(text).period_of(seconds(f"{at}+00:00"))] == expected


LOCAL_PERIODS = {
    "an ordinary day": ("day in Europe/Rome", "2026-03-04T00:00+01:00", 24),
    "clocks go forward": ("day in Europe/Rome", "2026-03-29T00:00+01:00", 23),
    "clocks go back": ("day in Europe/Rome", "2026-10-25T00:00+02:00", 25),
    "a week in spring": ("week in Europe/Rome", "2026-03-23T00:00+01:00", 7 * 24 - 1),
    "a week in autumn": ("week in Europe/Rome", "2026-10-19T00:00+02:00", 7 * 24 + 1),
    "no midnight": ("day in Asia/Beirut", "2026-03-29T01:00+03:00", 23),
    "a second evening": ("day in America/Sao_Paulo", "2018-02-17T00:00-02:00", 25),
    "half an hour": ("day in Australia/Lord_Howe", "2026-10-04T00:00+10:30", 23.5),
}


@pytest.mark.semantics(40)
@pytest.mark.parametrize(("text", "begin", "hours"), LOCAL_PERIODS.values(), ids=LOCAL_PERIODS)
def test_periods_of_a_zone_follow_its_clocks(text: str, begin: str, hours: float) -> None:
    frequency = Frequency.parse(f"twice per {text}")
    first = datetime.fromisoformat(begin)
    last = first + timedelta(hours=hours)
    expected = (first.timestamp(), last.timestamp())

    assert frequency.period_of(first.timestamp()) == expected
    assert frequency.period_of(last.timestamp() - 1e-6) == expected
    assert frequency.period_of(last.timestamp())[0] == expected[1]


@pytest.mark.semantics(40)
@given(FREQUENCIES, st.floats(0, seconds("2100-01-01T00:00+00:00")))
def test_every_instant_is_in_one_period(frequency: Frequency, at: float) -> None:
    begin, end = frequency.period_of(at)

    assert begin <= at < end
    assert frequency.period_of(begin) == (begin, end)
    assert frequency.period_of(end)[0] == end
