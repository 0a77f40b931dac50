"""Redaction: what a check says is shown to people, and must hold no secret.

Drivers put passwords into their errors, and programs put errors into pages, logs and messages. The
rules here know secrets by the names in front of them and by their shapes. They would rather hide
too much: a word too many that is masked costs a guess, a password that is shown costs a database.

All expressions take time in proportion to the text: repetitions have bounds, or never give back
what they took.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Set
from enum import Enum
from itertools import takewhile
from operator import index
from typing import Any, Final, Protocol, TypeVar

from allgreen.health.quoting import as_plain, quote

T = TypeVar("T")

MASK: Final = "***"
LIMIT: Final = 2000
"""Characters of a text that are kept."""

WITHHELD: Final = "(withheld: the scrubber failed)"

_LOOKED_AT: Final = 4
"""So many times more characters are looked at than are kept, as masking makes a text shorter."""

_LONGEST_PIECE: Final = 512
"""Characters at a cut that may be the begin of a secret which is known by its end."""

_LONGEST_KNOWN: Final = 200
_MOST_KNOWN: Final = 1000
_CLEAN: Final[set[str]] = set()
"""Short texts in which nothing was found: most checks say the same again and again. Only those
without a secret, so that none is kept for longer than it is by the program itself."""

_MOST_PASSES: Final = 8
_DEEPEST: Final = 8
_MOST_VALUES: Final = 1000
_MOST_BITS: Final = 1024
_LONGEST_NAME: Final = 200
_KNOWN_BY_TEXT: Final = frozenset(
    {"datetime", "decimal", "fractions", "ipaddress", "pathlib", "pathlib._local", "uuid"}
)


class Scrubber(Protocol):
    """What a program knows about its own secrets."""

    def __call__(self, text: str, /) -> str:
        """Return the text without them."""


def redact(text: str, *, limit: int = LIMIT, extra: tuple[Scrubber, ...] = ()) -> str:
    """Return a text without secrets that is safe to show, and at most `limit` characters long.

    What is longer is cut before anything is searched, so that ten million characters cost no more
    than some thousand. Redacting a text twice changes nothing.

    Args:
        text: Anything.
        limit: Characters that are kept.
        extra: What else removes secrets; when one raises, nothing of the text is shown.
    """
    if text in _CLEAN and not extra and len(text) <= limit:
        return text
    length, given = len(text), text
    text = as_plain(_without_colours(_cut_before_search(text, limit * _LOOKED_AT)))
    for scrubber in extra:
        scrubbed = _scrubbed(text, scrubber)
        if scrubbed is None:
            return WITHHELD
        text = scrubbed
    text = _mask(text)
    if len(text) <= limit and length <= limit * _LOOKED_AT:
        if text == given and length <= _LONGEST_KNOWN and type(given) is str:
            _remember(text)
        return text
    note = f"… ({length:,} characters)"
    return _mask(text[: max(0, limit - len(note) - len(MASK))] + note)


def _remember(clean: str) -> None:
    if len(_CLEAN) >= _MOST_KNOWN:
        _CLEAN.clear()
    _CLEAN.add(clean)


def redact_value(value: object) -> Any:
    """Return measurements without secrets, made of what JSON knows, but for NaN and infinity.

    Mappings and collections are copied; what stands under a name that says it is a secret is
    masked. Dates, identifiers, paths and the like become the text that they are known by, and
    anything else what its `repr` says. At most a thousand values are kept, eight levels deep.
    """
    return _Copy().of(value, _DEEPEST)


def is_secret(name: str) -> bool:
    """Tell whether what goes by this name is a secret."""
    return _SECRET_NAME.search(name) is not None


# Names and values ---------------------------------------------------------------------------------

_NAMES: Final = (
    r"pass(?:word|wd|phrase|code)|passwort|pwd|secret|token|credential"
    r"|(?:api|access|account|private|encryption|signing|master|auth|shared|session)[_.-]?key"
    r"|session[_.-]?id|identified by"
)
_SHORT_NAMES: Final = r"pass|pw|sig|signature|auth|jwt|sid|otp|pin|hmac"
_QUERY_NAMES: Final = r"key|code|sig|hash|auth|sid|session"
_HEADERS: Final = r"authorization|set-cookie2?|cookie"

_SECRET_NAME: Final = re.compile(
    rf"(?i){_NAMES}|{_HEADERS}|(?<![a-z0-9])(?:{_SHORT_NAMES})(?![a-z0-9])"
)

_TELLING: Final = (
    r"(?:yes|no|none|null|nil|true|false|undefined|required|missing|present|absent|invalid|valid"
    r"|expired|empty|set|unset|ok|up|down|healthy|degraded|unhealthy|connected|disconnected"
    r"|enabled|disabled|str|bytes)"
)
"""Words that tell something and hide nothing, as in ``(using password: YES)``."""

_NO_SECRET: Final = rf"(?!{_TELLING}(?:[\s.,;)\]}}\"'*]|$))"
_IS_TELLING: Final = re.compile(rf"(?i)\s*{_TELLING}?\s*")
_IS_COUNT: Final = re.compile(
    r"(?i)tokens$|[_.-](?:count|total|age|ttl|length|size|left|limit|s|ms)$"
)
"""Names of numbers that are no secret, such as the tokens that language models count."""

_QUOTE: Final = r"(?:\\{0,4}[\"']|&[#\w]{2,5};|%2[27])"
_SEPARATOR: Final = rf"{_QUOTE}?\]?[ \t]{{0,3}}(?:=>|[:=]{{1,2}}+|%3[ad])[ \t]{{0,3}}"
# Of tags, and of SQL: <password>x</password>, with password 'x'
_OTHER_SEPARATORS: Final = r">(?=[^\s=>])|[ \t]{1,3}(?=\\{0,4}[\"'])"
_COMMA: Final = r"\\{0,4}[\"'][ \t]{0,3},[ \t]{0,3}(?=[bru]{0,2}\\{0,4}[\"'])"

_QUOTED: Final = (
    # In a text that was quoted itself: \"...\"
    r"(?P<slashes>\\{1,4}[\"'])(?:(?!(?P=slashes)).)*+(?P=slashes)?"
    r"|[bru]{0,2}(?P<quotes>\"\"\"|'''|[\"'])(?:\\.|(?!(?P=quotes)).)*+(?P=quotes)?[^\s,;&)}\]]*+"
)
_IN_BRACKETS: Final = r"[\[({](?:[^\[\](){}]|[\[({][^\[\](){}]*+[\])}])*+[\])}]?"
# Up to a space, or to what separates it from another name and value.
_BARE: Final = r"(?:[^\s&;,]|[&;,](?![ \t]?[\"']?[\w.%-]{1,40}[\"']?[ \t]?[=:]))++"

_VALUE: Final = rf"{_NO_SECRET}(?:{_QUOTED}|{_IN_BRACKETS}|{_BARE})"


def _pattern(expression: str) -> re.Pattern[str]:
    return re.compile(expression, re.IGNORECASE | re.DOTALL)


_PAIR: Final = _pattern(
    rf"(?P<name>(?:{_NAMES})[\w.-]{{0,40}})(?P<between>{_SEPARATOR}|{_COMMA}|{_OTHER_SEPARATORS})"
    rf"(?P<value>{_VALUE})"
)
_SHORT_PAIR: Final = _pattern(
    rf"(?<![a-z0-9])(?P<name>{_SHORT_NAMES})"
    rf"(?P<between>\\{{0,4}}[\"']?[ \t]{{0,3}}(?:=|(?<=[\"']):)[ \t]{{0,3}})(?P<value>{_VALUE})"
)
_HEADER: Final = _pattern(
    rf"(?P<name>{_HEADERS})(?P<between>{_SEPARATOR}|{_COMMA})(?P<value>{_QUOTED}|[^\r\n]++)"
)
_ARGUMENT: Final = _pattern(
    rf"(?P<name>(?<![\w-])--[\w-]{{0,30}}?(?:{_NAMES})[\w-]{{0,20}})(?P<between>[ \t]{{1,3}})(?P<value>{_QUOTED}|[^\s-]\S*+)"
)


def _mask_value(found: re.Match[str]) -> str:
    name, between, value = found["name"], found["between"], found["value"]
    if value.isdigit() and _IS_COUNT.search(name):
        return found[0]
    quotes = found["quotes"] or found["slashes"] or ""
    return f"{name}{between}{quotes}{MASK}{quotes}"


# Shapes -------------------------------------------------------------------------------------------

_SCHEME: Final = r"(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,30}://"
_PASSWORD_IN_URL: Final = _pattern(rf"({_SCHEME}[^\s:/?#@]{{0,128}}:)[^\s]{{1,512}}@")
_USER_IN_URL: Final = _pattern(rf"({_SCHEME})(?![^\s:/?#@]{{0,128}}:\*\*\*@)[^\s/?#]{{1,512}}@")
_ORACLE: Final = _pattern(r"(jdbc:oracle:[a-z]{1,10}:[^\s/@]{1,128}/)[^\s@]{1,128}@")
_QUERY: Final = _pattern(rf"([?&;](?:{_QUERY_NAMES})=)[^\s&#]++")
_SCHEME_OF_HEADER: Final = _pattern(
    r"\b(bearer|basic|digest|negotiate|apikey|token)[ \t]{1,3}"
    # Prose such as "basic authentication" has small letters only.
    r"(?=\S{0,300}(?:[0-9=+/_.-]|(?-i:[a-z][A-Z])))[a-z0-9._~+/=-]{8,}+"
)
_PRIVATE_KEY: Final = _pattern(
    r"-----BEGIN [a-z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:(?!-----END).)*+"
    r"(?:-----END [a-z0-9 ]{0,60}-----)?"
)

# As their issuers publish them, most for the scanner of GitHub:
# https://docs.github.com/en/code-security/secret-scanning/introduction/supported-secret-scanning-patterns
_ISSUED: Final = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"eyJ[\w-]{8,}+(?:\.[\w-]*+){0,4}"  # JSON web tokens: RFC 7519
    r"|(?:A3T[A-Z0-9]|ABIA|ACCA|AGPA|AIDA|AIPA|AKIA|ANPA|ANVA|APKA|AROA|ASCA|ASIA)[A-Z0-9]{12,}+"
    r"|gh[oprsu]_[A-Za-z0-9_]{16,}+|github_pat_\w{16,}+|gl[a-z]{2,5}-[\w.-]{16,}+"
    r"|xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{8,}+|xapp-[A-Za-z0-9-]{8,}+"
    r"|[prs]k_(?:live|test)_[A-Za-z0-9]{8,}+|whsec_[A-Za-z0-9+/=]{8,}+"
    r"|AIza[\w-]{30,}+|ya29\.[\w.-]{8,}+|GOCSPX-[\w-]{16,}+"
    r"|sk-[\w-]{16,}+|hf_[A-Za-z0-9]{16,}+|npm_[A-Za-z0-9]{16,}+|pypi-[\w-]{16,}+"
    r"|SG\.[\w-]{16,}+(?:\.[\w-]*+)?|SK[0-9a-f]{32}|hv[bs]\.[\w-]{16,}+|do[opr]_v1_[0-9a-f]{16,}+"
    r"|[0-9]{8,10}:[\w-]{35}|AGE-SECRET-KEY-[0-9A-Z]{8,}+"
    r")"
)
_SLACK_HOOK: Final = re.compile(r"(hooks\.slack\.com/(?:services|workflows|triggers)/)[\w/-]++")
# An AWS secret key has 40 characters; so has a commit, which knows no capitals.
_FORTY: Final = re.compile(
    r"(?<![A-Za-z0-9+])(?=[^a-z]{0,39}[a-z])(?=[^A-Z]{0,39}[A-Z])(?=[^0-9]{0,39}[0-9])"
    r"[A-Za-z0-9/+]{40}(?![A-Za-z0-9+])"
)
_MOST_SLASHES: Final = 3
"""What has more of them among forty characters is a path."""

_COLOURS: Final = re.compile(r"\x1b\[[0-9;]{0,20}m")


def _mask_rest(found: re.Match[str]) -> str:
    return f"{found[1]}{MASK}@"


def _mask_forty(found: re.Match[str]) -> str:
    return found[0] if found[0].count("/") > _MOST_SLASHES else MASK


Rule = tuple[tuple[str, ...], re.Pattern[str], str | Callable[[re.Match[str]], str]]

_RULES: Final[tuple[Rule, ...]] = (
    (("private key",), _PRIVATE_KEY, MASK),
    (("authorization", "cookie"), _HEADER, _mask_value),
    (("://",), _PASSWORD_IN_URL, _mask_rest),
    (("://",), _USER_IN_URL, _mask_rest),
    (("jdbc:oracle",), _ORACLE, _mask_rest),
    (("pass", "pwd", "secret", "token", "credential", "key", "session", "identified"), _PAIR, _mask_value),
    (("=", "':", '":'), _SHORT_PAIR, _mask_value),
    (("--",), _ARGUMENT, _mask_value),
    (("=",), _QUERY, rf"\g<1>{MASK}"),
    (("bearer", "basic", "digest", "negotiate", "apikey", "token"), _SCHEME_OF_HEADER, rf"\g<1> {MASK}"),
    (("hooks.slack.com",), _SLACK_HOOK, rf"\g<1>{MASK}"),
)  # fmt: skip
"""Each with texts of which one must be there, in small letters: most messages hold none."""

_LONG_WORD: Final = re.compile(r"[\w+/=.:-]{11}")


def _mask(text: str) -> str:
    """Mask until there is nothing left to mask, as one mask can bare another secret."""
    for _ in range(_MOST_PASSES):
        masked = _mask_once(text)
        if masked == text:
            return text
        text = masked
    return WITHHELD


def _mask_once(text: str) -> str:
    lowered = text.lower()
    for needles, pattern, replacement in _RULES:
        if any(needle in lowered for needle in needles):
            text = pattern.sub(replacement, text)
    if _LONG_WORD.search(text):
        text = _FORTY.sub(_mask_forty, _ISSUED.sub(MASK, text))
    return text


def _cut_before_search(text: str, limit: int) -> str:
    """Cut a text between two words, lest half a secret be left that looks like none."""
    if len(text) <= limit:
        return text
    head = text[:limit]
    rest = head.rstrip()
    end = max(rest.rfind(char) for char in " \t\n")
    return head[: max(end, limit - _LONGEST_PIECE)]


def _without_colours(text: str) -> str:
    return _COLOURS.sub("", text) if "\x1b" in text else text


def _scrubbed(text: str, scrubber: Scrubber) -> str | None:
    try:
        scrubbed: object = scrubber(text)
    except Exception:  # noqa: BLE001 - what a scrubber could not finish may hold the secret
        return None
    return as_plain(scrubbed) if isinstance(scrubbed, str) else None


class _Copy:
    """Copies a value, and counts what it copied."""

    def __init__(self) -> None:
        self._left = _MOST_VALUES

    def of(self, value: object, depth: int) -> Any:
        self._left -= 1
        if value is None or isinstance(value, bool | float):
            return value
        if isinstance(value, Enum):
            return self.of(value.value, depth)
        if isinstance(value, str):
            return redact(value)
        if isinstance(value, Mapping | list | tuple | Set):
            return self._of_many(value, depth - 1)
        return _scalar(value)

    def _of_many(self, values: Mapping[Any, Any] | Collection[Any], depth: int) -> Any:
        if depth == 0:
            return "…"
        try:
            if isinstance(values, Mapping):
                return dict(self._pair(*pair, depth) for pair in self._some(values.items()))
            return [self.of(value, depth) for value in self._some(values)]
        except Exception as error:  # noqa: BLE001 - a mapping may be of any class, and do anything
            return f"<{type(values).__name__} object: reading it raised {type(error).__name__}>"

    def _some(self, values: Iterable[T]) -> Iterator[T]:
        return takewhile(lambda _: self._left > 0, values)

    def _pair(self, key: object, value: object, depth: int) -> tuple[str, Any]:
        name = redact(key if isinstance(key, str) else quote(key), limit=_LONGEST_NAME)
        return name, MASK if _hides(name, value) else self.of(value, depth)


def _hides(name: str, value: object) -> bool:
    if value is None or isinstance(value, bool) or not is_secret(name):
        return False
    if isinstance(value, int | float):
        return _IS_COUNT.search(name) is None
    return not isinstance(value, str) or _IS_TELLING.fullmatch(value) is None


def _scalar(value: object) -> int | str:
    kind = type(value)
    if hasattr(kind, "__index__"):
        try:
            number = index(value)  # type: ignore[arg-type]  # numbers of numpy have it too
        except TypeError:  # an array has it, and cannot
            return redact(quote(value))
        return number if number.bit_length() <= _MOST_BITS else redact(quote(value))
    if kind.__module__ in _KNOWN_BY_TEXT:
        return redact(str(value))
    return redact(quote(value))
