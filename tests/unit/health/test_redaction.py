"""What is shown holds no secret, is short, and can be sent anywhere."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum, IntFlag
from ipaddress import ip_address
from pathlib import PurePosixPath
from time import thread_time
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from allgreen.health import redaction
from allgreen.health.redaction import (
    LIMIT,
    MASK,
    WITHHELD,
    Scrubber,
    is_secret,
    redact,
    redact_value,
)

# Texts in which {} is a secret, and what is left of each.
PLACES = {
    "postgresql://app:{}@db:5432/orders": "postgresql://app:***@db:5432/orders",
    "postgresql+asyncpg://app:p@ss/{}@db/orders": "postgresql+asyncpg://app:***@db/orders",
    "redis://:{}@cache:6379/0": "redis://:***@cache:6379/0",
    "https://{}@github.com/x.git": "https://***@github.com/x.git",
    "smtp://ada@example.org:{}@mail": "smtp://***@mail",
    "jdbc:oracle:thin:scott/{}@//h:1521/x": "jdbc:oracle:thin:scott/***@//h:1521/x",
    "jdbc:postgresql://h/db?user=u&password={}&ssl=on": (
        "jdbc:postgresql://h/db?user=u&password=***&ssl=on"
    ),
    "host=h password={} user=u": "host=h password=*** user=u",
    "host=h password='my {}' user=u": "host=h password='***' user=u",
    "Server=x;Uid=sa;Pwd={};Database=y": "Server=x;Uid=sa;Pwd=***;Database=y",
    "DB_PASSWORD={}": "DB_PASSWORD=***",
    "PGPASSWORD={} psql": "PGPASSWORD=*** psql",
    "my_pass={}": "my_pass=***",
    "passphrase := {}": "passphrase := ***",
    "secret => {}": "secret => ***",
    "api-key: {}": "api-key: ***",
    "X-Api-Key: {}": "X-Api-Key: ***",
    "AccountKey={};EndpointSuffix=x": "AccountKey=***;EndpointSuffix=x",
    "aws_secret_access_key = {}": "aws_secret_access_key = ***",
    "ALTER USER x WITH PASSWORD '{}'": "ALTER USER x WITH PASSWORD '***'",
    "IDENTIFIED BY '{}'": "IDENTIFIED BY '***'",
    "<password>{}</password>": "<password>***",
    "--password {} --user x": "--password *** --user x",
    "--api-token={}": "--api-token=***",
    '{{"password": "{}", "user": "u"}}': '{"password": "***", "user": "u"}',
    '{{"password":"{}","user":"u"}}': '{"password":"***","user":"u"}',
    "{{'password': '{}', 'user': 'u'}}": "{'password': '***', 'user': 'u'}",
    r'"{{\"password\": \"{} x\"}}"': r'"{\"password\": \"***\"}"',
    "{{b'password': b'{}'}}": "{b'password': '***'}",
    "config['secret'] = '{}'": "config['secret'] = '***'",
    "password='it''{}'": "password='***'",
    'password="""{}"""': 'password="""***"""',
    'password="{} and no end': 'password="***"',
    "('password', '{}')": "('password', '***')",
    "'pass': '{}'": "'pass': '***'",
    '"tokens": ["{}", "b"]': '"tokens": ***',
    '"credentials": {{"a": {{"b": "{}"}}}}, "c": 1': '"credentials": ***, "c": 1',
    "&quot;password&quot;: &quot;{}&quot;": "&quot;password&quot;: ***",
    "%22password%22%3A%22{}%22": "%22password%22%3A***",
    "Config(url='x', token={})": "Config(url='x', token=***",
    "Authorization: Bearer {}": "Authorization: ***",
    "proxy-authorization: Basic {}": "proxy-authorization: ***",
    'Authorization: Digest username="u", response="{}"': "Authorization: ***",
    "{{'Authorization': 'Bearer {}', 'Accept': '*/*'}}": "{'Authorization': '***', 'Accept': '*/*'}",
    "[(b'authorization', b'Bearer {}')]": "[(b'authorization', '***')]",
    "sent Bearer a1.{}": "sent Bearer ***",
    "sent Basic {}1==": "sent Basic ***",
    "Cookie: sid={}; theme=dark\nHost: x": "Cookie: ***\nHost: x",
    "Set-Cookie: session={}; HttpOnly": "Set-Cookie: ***",
    "GET /x?token={}&a=b": "GET /x?token=***&a=b",
    "GET /x?a=b&sig={}%3D&se=2": "GET /x?a=b&sig=***&se=2",
    "GET /x?key={}&a=1#f": "GET /x?key=***&a=1#f",
    "?X-Amz-Signature={}&X-Amz-Date=1": "?X-Amz-Signature=***&X-Amz-Date=1",
    "https://hooks.slack.com/services/T00/B00/{}": "https://hooks.slack.com/services/***",
    "-----BEGIN RSA PRIVATE KEY-----\nMII{}\n-----END RSA PRIVATE KEY-----\nafter": "***\nafter",
    "-----BEGIN OPENSSH PRIVATE KEY-----\nb3B{}": "***",
    "\x1b[1mpassword\x1b[0m=\x1b[31m{}\x1b[0m": "password=***",
}
SECRETS = st.text(
    st.sampled_from("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"),
    min_size=12,
)


@pytest.mark.semantics(57, "L11")
@pytest.mark.parametrize(("place", "left"), PLACES.items())
def test_a_secret_is_known_by_what_stands_around_it(place: str, left: str) -> None:
    assert redact(place.format("hunter2SECRET")) == left


@pytest.mark.semantics(57, "L11")
@given(st.sampled_from(sorted(PLACES)), SECRETS, st.text(max_size=50), st.text(max_size=50))
def test_no_secret_is_left_wherever_it_stands(
    place: str, secret: str, before: str, after: str
) -> None:
    text = f"{before}\n{place.format(secret)}\n{after}"

    assert secret not in redact(text).replace(before, "").replace(after, "")


ISSUED = [
    "AKIAIOSFODNN7EXAMPLE",
    "ASIAIOSFODNN7EXAMPLE",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N",
    "eyJhbGciOiJIUzI1NiJ9.eyJz",
    "ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a",
    "github_pat_" + "11AAAAAAA0abcdefghijkl_mnopqrstuvwxyz",
    "glpat-" + "abcdefghij0123456789",
    "xoxb-" + "123456789012-1234567890123-abcdefABCDEF",
    "sk_" + "live_4eC39HqLyjWDarjtT1zdp7dc",
    "whsec_" + "abcdefgh12345678",
    "AIza" + "SyA-1234567890abcdefghijklmnopqrstu",
    "ya29." + "a0AfH6SMBx",
    "sk-" + "proj-abcdefghijklmnopqrstuvwx",
    "sk-ant-" + "api03-abcdefghijklmnop",
    "SG." + "abcdefghijklmnopqrstuv.wxyz0123456789",
    "hvs." + "CAESIJabcdefghijklmnop",
    "pypi-" + "AgEIcHlwaS5vcmcCJDAwMDAwMDAw",
    "110201543:" + "AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw1",
]


@pytest.mark.semantics(57, "L11")
@pytest.mark.parametrize("token", ISSUED, ids=lambda token: token[:9])
@pytest.mark.parametrize("text", ["{}", "refused {} by server", '["{}"]', "x={},", "/{}/"])
def test_what_is_issued_is_known_by_its_shape(text: str, token: str) -> None:
    assert token[6:] not in redact(text.format(token))


PLAIN = [
    "38 is less than 500",
    "Access denied for user 'x'@'h' (using password: YES)",
    'password authentication failed for user "app"',
    "password is too short",
    "fields password, token and user",
    "basic authentication failed",
    "Bearer authentication is required",
    "max_tokens=100, tokens: 5, token_count: 7",
    "All 9 tests pass: ok",
    "duplicate key=5 already exists",
    "Key (id)=(5) already exists",
    "commit 2fc53a7b1c2d3e4f5a6b7c8d9e0f1a2b3c4d5e6f is deployed",
    "http://host:8080/path and mail me@example.org",
    '"url": "http://a:1/", "mail": "x@y.z"',
    "see https://example.com/@ada/1",
    "no such file: /srv/App2/lib/orders/plan/items/of/Day7/x",
    "0b3f7c1e-5a59-7e21-9d0a-0c9be5a3a1aa",
    '{"token": null, "secret": ""}',
    "def connect(password: str) -> None",
    "auth=ok",
]


@pytest.mark.parametrize("text", PLAIN)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == text.replace('""', '"***"')


PIECES = [
    *("password", "token", "secret", "pass", "auth", "sig", "key", "tokens", "authorization"),
    *("cookie", "Bearer ", "Basic ", "--", "jdbc:oracle:thin:", "hooks.slack.com/services/"),
    *("=", ":", "=>", ":=", "%3d", "'", '"', '"""', "'''", "\\", "\\'", '\\"', "&quot;", "%22"),
    *("[", "]", "{", "}", "(", ")", "<", ">", ",", ";", "&", "?", "://", "@", "/", "#", "."),
    *(" ", "\n", "\t", "\r", "\x1b[0m", "\x1b", "\ud800", "\u202e", "***", "*", "…"),
    *("a", "b1", "5", "yes", "none", "eyJabcdefgh", "AKIA", "ABCDEFGHIJKLMNOP", "aB3" * 13),
    *("-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----"),
]


@pytest.mark.semantics(57)
@given(
    st.one_of(st.lists(st.sampled_from(PIECES), max_size=40).map("".join), st.text()),
    st.sampled_from([60, 100, 300, LIMIT]),
)
def test_redacting_twice_changes_nothing(text: str, limit: int) -> None:
    redacted = redact(text, limit=limit)

    assert len(redacted) <= limit
    assert redact(redacted, limit=limit) == redacted
    assert json.loads(json.dumps(redacted).encode()) == redacted


@pytest.mark.semantics(57)
def test_what_cannot_be_masked_to_the_end_is_withheld(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "_MOST_PASSES", 1)

    assert redact("password=x") == WITHHELD


@pytest.mark.semantics(15, "L5")
def test_ten_million_characters_become_two_thousand() -> None:
    redacted = redact("ünï " * 2_500_000)

    assert redacted.startswith("ünï ünï ")
    assert redacted.endswith("… (10,000,000 characters)")
    assert LIMIT - 10 < len(redacted) <= LIMIT


def test_what_is_a_little_too_long_is_cut_too() -> None:
    redacted = redact("a" * 2001)

    assert redacted.endswith("… (2,001 characters)")
    assert len(redacted) <= LIMIT


@pytest.mark.semantics(57)
@pytest.mark.parametrize("shift", range(0, 60, 7))
def test_a_cut_leaves_no_half_of_a_secret(shift: int) -> None:
    # Nothing is left of the first part, so that what stands at the cut is shown.
    masked = "password=" + "x" * (4 * LIMIT - 60 + shift - len("password=") - 1)
    text = f"{masked} postgres://app:hunter2SECRET@db/orders " + "y" * 100_000

    assert "hunter" not in redact(text)


def test_a_cut_in_one_long_word_keeps_its_begin() -> None:
    assert redact("y" * 100_000).startswith("y" * 1000)


@pytest.mark.semantics(55)
def test_what_a_terminal_or_a_browser_may_obey_is_escaped() -> None:
    assert redact("a\x00b\u202ec\x1b[31mred\x1b[0m\x1b]0;x\x07") == (
        "a\\x00b\\u202ecred\\x1b]0;x\\x07"
    )


# Scrubbers of a program ---------------------------------------------------------------------------


@pytest.mark.semantics(57)
def test_a_program_can_remove_more() -> None:
    def without_names(text: str) -> str:
        return text.replace("Ada", "A.")

    def without_numbers(text: str) -> str:
        return text.replace("42", "…\x00")

    redacted = redact("Ada has 42", extra=(without_names, without_numbers))

    assert redacted == "A. has …\\x00"


def explode(text: str) -> str:
    raise ZeroDivisionError(text)


def forget(text: str) -> str:
    return None  # type: ignore[return-value]  # that is the mistake


@pytest.mark.semantics(57)
@pytest.mark.parametrize("scrubber", [explode, forget])
def test_when_that_fails_nothing_is_shown(scrubber: Scrubber) -> None:
    assert redact("Ada has 42", extra=(scrubber,)) == WITHHELD


# Values -------------------------------------------------------------------------------------------


class Colour(Enum):
    RED = "red"


class Bits(IntFlag):
    ONE = 1


class Int64:
    """Like `numpy.int64`."""

    def __index__(self) -> int:
        return 7


class Array:
    """Like `numpy.ndarray`."""

    def __index__(self) -> int:
        raise TypeError("only integer scalar arrays can be converted to a scalar index")

    def __repr__(self) -> str:
        return "array([1, 2])"


class Thing:
    def __repr__(self) -> str:
        raise ValueError("no repr today")


class Lazy(Mapping[str, object]):
    """A mapping whose source is gone."""

    def __getitem__(self, key: str) -> object:
        raise ConnectionError

    def __iter__(self) -> Iterator[str]:
        raise ConnectionError

    def __len__(self) -> int:
        return 1


VALUES: dict[str, tuple[object, object]] = {
    "nothing": (None, None),
    "numbers": ([1, 1.5, True, -(2**63)], [1, 1.5, True, -(2**63)]),
    "text": ("redis://:x@h", "redis://:***@h"),
    "a tuple": ((1, "a"), [1, "a"]),
    "a set": ({1}, [1]),
    "nested": ({"a": {"b": ["password=x"]}}, {"a": {"b": ["password=***"]}}),
    "under a name": (
        {"db_password": "x", "Api-Key": ["x"], "token": 5, "auth": {"a": 1}},
        {"db_password": MASK, "Api-Key": MASK, "token": MASK, "auth": MASK},
    ),
    "what tells something": (
        {"password": None, "secret": True, "auth": "ok", "total_tokens": 5, "token_count": 1.5},
        {"password": None, "secret": True, "auth": "ok", "total_tokens": 5, "token_count": 1.5},
    ),
    "names that are none": (
        {1: 1, None: 2, ("a",): 3, "\ud800": 4}, {"1": 1, "None": 2, "('a',)": 3, "\ufffd": 4},
    ),
    "dates": (
        [datetime(2026, 4, 14, tzinfo=UTC), date(2026, 4, 14), timedelta(1)],
        ["2026-04-14 00:00:00+00:00", "2026-04-14", "1 day, 0:00:00"],
    ),
    "what has a text": (
        [Decimal("1.50"), UUID(int=1), PurePosixPath("/x"), ip_address("::1")],
        ["1.50", "00000000-0000-0000-0000-000000000001", "/x", "::1"],
    ),
    "enumerations": ([Colour.RED, Bits.ONE], ["red", 1]),
    "bytes": (b"\xff", "b'\\xff'"),
    "numpy": ([Int64(), Array()], [7, "array([1, 2])"]),
    "objects": ([Thing(), len], [
        "<Thing object: its repr raised ValueError>", "<built-in function len>",
    ]),
    "a large number": (10**5000, "<int object: its repr raised ValueError>"),
    "what cannot be read": (
        {"a": Lazy()}, {"a": "<Lazy object: reading it raised ConnectionError>"},
    ),
}  # fmt: skip


@pytest.mark.semantics(57, 60)
@pytest.mark.parametrize(("value", "copied"), VALUES.values(), ids=VALUES)
def test_values_become_what_json_knows(value: object, copied: object) -> None:
    assert redact_value(value) == copied
    assert redact_value(copied) == copied


@pytest.mark.semantics(60)
def test_nan_and_infinity_stay_numbers() -> None:
    nan, infinity = redact_value([float("nan"), float("inf")])

    assert nan != nan
    assert infinity == float("inf")


@pytest.mark.semantics(60)
def test_a_circle_ends() -> None:
    circle: dict[str, object] = {}
    circle["again"] = circle

    assert json.dumps(redact_value(circle)).count("again") == 7


@pytest.mark.semantics(60)
@pytest.mark.parametrize(
    "value",
    [
        {str(number): number for number in range(100_000)},
        [[[0] * 1000] * 1000] * 1000,
        "x" * 10_000_000,
    ],
    ids=["a mapping", "lists", "a text"],
)
def test_what_is_large_is_cut(value: object) -> None:
    assert len(json.dumps(redact_value(value))) < 20_000


@pytest.mark.semantics(57)
@pytest.mark.parametrize(
    ("name", "hides"),
    [
        ("DATABASE_PASSWORD", True), ("apiKey", True), ("cookie", True), ("pin", True),
        ("spinning", False), ("passed", False), ("author", False), ("monkey", False),
    ],
)  # fmt: skip
def test_names_of_secrets(name: str, hides: bool) -> None:
    assert is_secret(name) is hides


# Time ---------------------------------------------------------------------------------------------

HOSTILE = [
    *("a", "@", "a:", "://", "a://a:", "a://a:@", "[", " ", "\\", "'\"", "--", "--a-", "?key"),
    *("password", "password=", "password='", "password=\\'", "password=[", "password=[({"),
    *("password=&", "password=,a ,a", "password \t", "password>", "cookie:'", "bearer "),
    *("-----BEGIN PRIVATE KEY-----", "-----BEGIN ", "eyJaaaaaaaaa.", "AKIA", "sk-", "aB3" * 13),
    *("\x1b[0;", "\ud800", "\x00", "&" + "a" * 45),
]


def cpu_s(text: str, limit: int) -> float:
    """Return the least of three, in seconds of this thread."""
    taken = []
    for _ in range(3):
        begin = thread_time()
        redact(text, limit=limit)
        taken.append(thread_time() - begin)
    return min(taken)


@pytest.mark.semantics(57)
@pytest.mark.parametrize("piece", HOSTILE, ids=lambda piece: repr(piece[:12]))
def test_time_grows_with_the_text_and_not_with_its_square(piece: str) -> None:
    small, large = piece * (2000 // len(piece)), piece * (32_000 // len(piece))

    # Sixteen times as long; the square of that is 256.
    assert cpu_s(large, len(large)) < 64 * cpu_s(small, len(small)) + 0.01


@pytest.mark.semantics("L5")
@given(st.sampled_from(HOSTILE))
@example("password=&")
def test_a_million_characters_cost_no_more_than_those_that_are_looked_at(piece: str) -> None:
    some, many = piece * (8192 // len(piece)), piece * (1_000_000 // len(piece))

    assert cpu_s(many, LIMIT) < 8 * cpu_s(some, LIMIT) + 0.01


def test_texts_that_are_known_to_be_clean_do_not_grow_for_ever() -> None:
    for number in range(3 * redaction._MOST_KNOWN):
        redact(f"{number} is less than 500")

    assert len(redaction._CLEAN) <= redaction._MOST_KNOWN


def test_no_secret_and_no_long_text_is_remembered() -> None:
    secret, long = "password=hunter2-of-the-test", "all is well " * 100
    for _ in range(2):
        redact(secret)
        redact(long)

    assert not {secret, long} & redaction._CLEAN


@pytest.mark.semantics(57)
def test_a_text_that_is_known_to_be_clean_is_still_scrubbed_and_cut() -> None:
    text = "the planet of origin is known"
    redact(text)

    assert redact(text, extra=(lambda found: found.replace("origin", "***"),)) != text
    assert len(redact(text, limit=20)) <= 20
