"""Negotiation: in which format somebody wants to be answered.

RFC 9110, section 12.5.1, with three decisions of our own:

* ``*/*`` and no header at all, as of curl and of the probes of Kubernetes, get JSON. HTML is for
  those who name ``text/html``: browsers do, programs do not.
* What is malformed counts as absent, and what accepts nothing that there is gets JSON all the
  same: a probe needs a status, and a 406 would make it believe in an outage.
* Of the parameters of a range only ``version`` is compared. It tells the text of Prometheus from
  any other text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple


class Format(StrEnum):
    """A format of reports; the value is its name in ``?format=``."""

    JSON = "json"
    """The library's own."""
    TEXT = "text"
    """One line for the whole, and one for each check."""
    HTML = "html"
    """The page."""
    HEALTH = "health"
    """draft-inadarei-api-health-check-06."""
    PROMETHEUS = "prometheus"
    """Prometheus text 0.0.4."""
    OPENMETRICS = "openmetrics"
    """OpenMetrics 1.0."""
    SPRING = "spring"
    """Spring Boot Actuator."""
    MICROPROFILE = "microprofile"
    """Eclipse MicroProfile Health. It has no media type of its own: it is asked for by name."""

    @property
    def media_type(self) -> str:
        """Return the value of ``Content-Type``, with its parameters."""
        return _MEDIA_TYPES[self]

    @property
    def is_metrics(self) -> bool:
        """Tell whether it is for a scraper, which must be answered with 200 whatever it reads."""
        return self in (Format.PROMETHEUS, Format.OPENMETRICS)


ALL: Final = (
    Format.JSON,
    Format.TEXT,
    Format.HTML,
    Format.HEALTH,
    Format.PROMETHEUS,
    Format.OPENMETRICS,
    Format.SPRING,
    Format.MICROPROFILE,
)
"""Every format; of those that are equally welcome the first is given."""

METRICS: Final = (Format.PROMETHEUS, Format.OPENMETRICS)
"""Those of a route for scrapers."""


def choose(
    accept: str | None, query_format: str | None = None, available: Sequence[Format] = ALL
) -> Format | None:
    """Return the format to answer in.

    Args:
        accept: The header ``Accept``, several of them joined by commas; `None` when absent.
        query_format: The value of ``?format=``, which goes before the header; `None` when absent.
        available: What the route offers, the preferred one first; at least one.

    Returns:
        `None` only when `query_format` names nothing that is available; see `explain`.
    """
    if query_format is not None:
        name = query_format.strip().lower()
        return next((offered for offered in available if offered.value == name), None)
    ranges = tuple(_read(accept or ""))
    welcome = [(_rank(offered, ranges), offered) for offered in available]
    # `max` keeps the first of equals, and so the order of what is available.
    rank, best = max(welcome, key=lambda pair: pair[0])
    if rank.quality > 0:
        return best
    return next((offered for offered in available if offered is not Format.HTML), best)


def explain(available: Sequence[Format] = ALL) -> str:
    """Return what to say, with status 400, to somebody who asked for a format that there is not."""
    names = ", ".join(offered.value for offered in available)
    return f"There is no such format. ?format= can be one of: {names}.\n"


class _Range(NamedTuple):
    """One member of the header, such as ``text/*;q=0.5``."""

    type: str
    subtype: str
    version: str | None
    quality: float

    def specificity(self, type_: str, subtype: str, version: str | None) -> int:
        """Return how closely it names a media type: from 0 for ``*/*``; -1 when it does not."""
        if self.type == "*":
            return 0
        if self.type != type_:
            return -1
        if self.subtype == "*":
            return 1
        if self.subtype != subtype or self.version not in (None, version):
            return -1
        return 2 if self.version is None else 3


class _Rank(NamedTuple):
    quality: float
    is_page: bool
    specificity: int


# Nobody accepts that much; a longer header is somebody's attempt to keep us busy.
_LONGEST: Final = 4096
_MOST_RANGES: Final = 64

_MEDIA_TYPES: Final = MappingProxyType(
    {
        Format.JSON: "application/json",
        Format.TEXT: "text/plain; charset=utf-8",
        Format.HTML: "text/html; charset=utf-8",
        Format.HEALTH: "application/health+json",
        Format.PROMETHEUS: "text/plain; version=0.0.4; charset=utf-8",
        Format.OPENMETRICS: "application/openmetrics-text; version=1.0.0; charset=utf-8",
        Format.SPRING: "application/vnd.spring-boot.actuator.v3+json",
        Format.MICROPROFILE: "application/json",
    }
)

# A quoted string may hold commas and semicolons, and may never end.
_QUOTED: Final = r'"(?:[^"\\]|\\.)*"?'
_MEMBER: Final = re.compile(rf'(?:[^,"]|{_QUOTED})+', re.DOTALL)
_PART: Final = re.compile(rf'(?:[^;"]|{_QUOTED})+', re.DOTALL)
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")
# Old Java clients send ``q=.2``, which the grammar does not have.
_WEIGHT: Final = re.compile(r"[0-9]{0,9}\.?[0-9]{0,9}")


def _read(accept: str) -> Iterator[_Range]:
    """Return the ranges of a header, without those that are none."""
    for count, member in enumerate(_MEMBER.finditer(accept[:_LONGEST])):
        if count == _MOST_RANGES:
            return
        found = _read_range(member.group())
        if found:
            yield found


def _read_range(member: str) -> _Range | None:
    name, *parameters = _PART.findall(member) or [""]
    type_, slash, subtype = name.strip().lower().partition("/")
    if type_ == "*" and not slash:
        subtype = "*"  # old Java clients again: a star alone
    if not (_is_token(type_) and _is_token(subtype)) or (type_ == "*" and subtype != "*"):
        return None
    version = None
    for parameter in parameters:
        key, _, value = (part.strip() for part in parameter.partition("="))
        if key.lower() == "q":
            # What follows the weight is an extension and no part of the range.
            weight = _read_weight(value)
            return None if weight is None else _Range(type_, subtype, version, weight)
        if key.lower() == "version":
            version = value.strip('"')
    return _Range(type_, subtype, version, 1.0)


def _read_weight(text: str) -> float | None:
    if not _WEIGHT.fullmatch(text) or not any(char.isdigit() for char in text):
        return None
    return min(float(text), 1.0)


def _is_token(text: str) -> bool:
    return _TOKEN.fullmatch(text) is not None


def _rank(offered: Format, ranges: Sequence[_Range]) -> _Rank:
    """Return how welcome a format is; without any range everything but the page is."""
    if not ranges:
        return _Rank(0.0 if offered is Format.HTML else 1.0, False, 0)
    specificity, quality = max(
        (found.specificity(*_NAMES[offered]), found.quality) for found in ranges
    )
    is_page = offered is Format.HTML
    if specificity < 0 or (is_page and specificity < 2):  # a wildcard is no name
        return _Rank(0.0, False, 0)
    return _Rank(quality, is_page, specificity)


def _name_of(media_type: str) -> tuple[str, str, str | None]:
    name, *parameters = (part.strip() for part in media_type.split(";"))
    type_, _, subtype = name.partition("/")
    versions = [part.removeprefix("version=") for part in parameters if part.startswith("version")]
    return type_, subtype, versions[0] if versions else None


_NAMES: Final = {offered: _name_of(offered.media_type) for offered in Format}
