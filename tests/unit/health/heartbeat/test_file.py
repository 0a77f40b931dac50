"""The content of the heartbeat file, written and read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from allgreen.domain.status import LifeSign
from allgreen.errors import HeartbeatUnreadableError
from allgreen.health.heartbeat.file import (
    LARGEST_FILE,
    DatabaseState,
    Extras,
    Heartbeat,
    LifeState,
    as_timestamp,
    extras_path,
    parse_timestamp,
)
from tests.checkout import ROOT

SCHEMA = json.loads((ROOT / "docs/reference/health-status.schema.json").read_text())
AT = 1_762_605_296.75
HEARTBEAT = Heartbeat(
    status=LifeSign.ONLINE, database=DatabaseState.CONNECTED, at=AT, app_version="0.1.0"
)
EXTRAS = Extras(
    state=LifeState.RUNNING, seq=7, pid=4381, boot_id="b", written_at=AT, valid_until=AT + 78
)


@pytest.mark.semantics(66)
def test_it_holds_exactly_five_texts_in_this_order() -> None:
    assert list(json.loads(HEARTBEAT.render()).items()) == [
        ("status", "online"),
        ("database", "connected"),
        ("timestamp", "2025-11-08T12:34:56Z"),
        ("app_version", "0.1.0"),
        ("api_version", "v1"),
    ]


@pytest.mark.semantics(8, 66)
@given(
    status=st.sampled_from(LifeSign),
    database=st.sampled_from(DatabaseState),
    at=st.floats(0, 250_000_000_000),
    version=st.from_regex(r"[!-~]{1,100}", fullmatch=True),
)
def test_every_heartbeat_fits_the_schema_and_1_kb_and_is_read_back(
    status: LifeSign, database: DatabaseState, at: float, version: str
) -> None:
    told = Heartbeat(status=status, database=database, at=at, app_version=version)

    content = told.render()

    assert len(content) < LARGEST_FILE
    Draft202012Validator(SCHEMA).validate(json.loads(content))
    read = Heartbeat.parse(content)
    assert (read.status, read.database, read.app_version) == (status, database, version)
    assert read.at == int(at)


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no JSON"),
        (b"\xff\xfe\xfd", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[]", "no JSON object"),
        (b"{}", "'status'"),
        (HEARTBEAT.render().replace(b"online", b"fine"), "'fine' is not a valid LifeSign"),
        (HEARTBEAT.render().replace(b'"online"', b"[]"), "is not a valid"),
        (HEARTBEAT.render().replace(b"56Z", b"56"), "no time"),
        (HEARTBEAT.render().replace(b"12:34", b"12:64"), "minute"),
        (HEARTBEAT.render().replace(b'"2025-11-08T12:34:56Z"', b"7"), "no time"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_no_heartbeat_says_why(content: bytes, reason: str) -> None:
    with pytest.raises(HeartbeatUnreadableError, match=reason):
        Heartbeat.parse(content)


@pytest.mark.semantics("L10")
def test_the_second_file_says_who_wrote_and_until_when_that_counts() -> None:
    content = EXTRAS.render()

    assert json.loads(content) == {
        "state": "running",
        "seq": 7,
        "pid": 4381,
        "boot_id": "b",
        "written_at": "2025-11-08T12:34:56Z",
        "valid_until": "2025-11-08T12:36:14Z",
    }
    assert Extras.parse(content).valid_until == int(AT + 78)


@pytest.mark.parametrize("content", [b"{}", b"[]", EXTRAS.render().replace(b"7", b"[]")])
def test_what_is_no_second_file_is_refused(content: bytes) -> None:
    with pytest.raises(HeartbeatUnreadableError):
        Extras.parse(content)


@pytest.mark.parametrize(
    ("name", "second"),
    [("health.json", "health.extra.json"), ("alive", "alive.extra.json")],
)
def test_the_second_file_lies_beside_the_first(name: str, second: str) -> None:
    assert extras_path(Path("data") / name) == Path("data") / second


def test_a_second_is_cut_off_and_not_rounded() -> None:
    assert as_timestamp(59.999) == "1970-01-01T00:00:59Z"
    assert parse_timestamp("1970-01-01T00:00:59Z") == 59
