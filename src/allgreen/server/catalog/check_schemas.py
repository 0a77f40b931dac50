"""Checks and what they expect, as they are sent and shown: one shape for each kind."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    StringConstraints,
    WrapValidator,
    model_validator,
)

from allgreen.domain.check import CheckKind, RecordType
from allgreen.domain.expectation import HeaderOperator, JsonOperator, RecordMatch
from allgreen.server.wire import Input
from allgreen.storage.sql.types import storable

MOST_LEVELS: Final = 8
MOST_LEAVES: Final = 50
LARGEST_BODY: Final = 65_536
"""As much of a body is read, so nothing can be said of more."""


class HttpMethod(StrEnum):
    """How a target is asked."""

    GET = "GET"
    HEAD = "HEAD"
    POST = "POST"
    PUT = "PUT"
    PATCH = "PATCH"
    DELETE = "DELETE"
    OPTIONS = "OPTIONS"


# What is expected


class JsonValueRule(Input):
    """What a value in a JSON body must be."""

    path: Annotated[str, Field(max_length=500)]
    operator: JsonOperator
    value: Annotated[str, Field(max_length=1000)]


class HeaderRule(Input):
    """What a header of the answer must be; `value` is a pattern (RE2) for `matches`."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
    operator: HeaderOperator
    value: Annotated[str, Field(max_length=1024)] = ""


class SizeRule(Input):
    """How many bytes the body must have."""

    at_least: Annotated[int, Field(ge=0, le=LARGEST_BODY)] | None = None
    at_most: Annotated[int, Field(ge=0, le=LARGEST_BODY)] | None = None


class RecordsRule(Input):
    """Which DNS records must be there; their order never counts."""

    values: Annotated[
        list[Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000)]],
        Field(min_length=1, max_length=50),
    ]
    match: RecordMatch = RecordMatch.ANY


def _text_or_none(text: str | None) -> str | None:
    return text or None


_StatusText = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
_Text = Annotated[Annotated[str, Field(max_length=1000)] | None, AfterValidator(_text_or_none)]
_Pattern = Annotated[Annotated[str, Field(max_length=1024)] | None, AfterValidator(_text_or_none)]
_Days = Annotated[int, Field(ge=1, le=825)]


def _is_absent(value: object) -> bool:
    return value is None


class ExpectNode(Input):
    """A part of a tree of expectations: exactly one of its fields is given."""

    all_of: Annotated[list["ExpectNode"], Field(min_length=1)] | None = Field(
        default=None, exclude_if=_is_absent
    )
    any_of: Annotated[list["ExpectNode"], Field(min_length=1)] | None = Field(
        default=None, exclude_if=_is_absent
    )
    not_: "ExpectNode | None" = Field(default=None, alias="not", exclude_if=_is_absent)
    status: _StatusText | None = Field(default=None, exclude_if=_is_absent)
    body_contains: Annotated[str, Field(min_length=1, max_length=1000)] | None = Field(
        default=None, exclude_if=_is_absent
    )
    body_matches: Annotated[str, Field(min_length=1, max_length=1024)] | None = Field(
        default=None, exclude_if=_is_absent
    )
    header: HeaderRule | None = Field(default=None, exclude_if=_is_absent)
    size: SizeRule | None = Field(default=None, exclude_if=_is_absent)
    json_value: JsonValueRule | None = Field(default=None, exclude_if=_is_absent)
    certificate_days: _Days | None = Field(default=None, exclude_if=_is_absent)
    records: RecordsRule | None = Field(default=None, exclude_if=_is_absent)

    @model_validator(mode="after")
    def _refuse_all_but_one(self) -> Self:
        if len(self.given()) != 1:
            names = ", ".join(field.alias or name for name, field in _node_fields())
            raise ValueError(f"Give exactly one of these: {names}.")
        return self

    def given(self) -> list[str]:
        """Return the fields that are not absent."""
        return [name for name, _ in _node_fields() if getattr(self, name) is not None]


def _node_fields() -> Any:
    return ExpectNode.model_fields.items()


def _within_bounds(given: object) -> object:
    """Refuse a tree that is too deep or too wide, before it is walked down."""
    level, depth, leaves = [given], 0, 0
    while level:
        depth += 1
        if depth > MOST_LEVELS:
            raise ValueError(f"Nest at most {MOST_LEVELS} levels.")
        parts = [_parts_of(node) for node in level]
        leaves += sum(not inner for inner in parts)
        level = [part for inner in parts for part in inner]
        if leaves + len(level) > MOST_LEAVES:
            raise ValueError(f"Compare at most {MOST_LEAVES} things.")
    return given


def _parts_of(node: object) -> list[object]:
    if not isinstance(node, dict):
        return []
    lists = (node.get("all_of"), node.get("any_of"))
    inner = [part for each in lists if isinstance(each, list) for part in each]
    return [*inner, node["not"]] if node.get("not") is not None else inner


class ExpectationsInput(Input):
    """What counts as correct: all of these fields, or one tree in `expect`.

    Which fields make sense depends on the kind of the check. An HTTP check without a tree expects
    status 200 unless told otherwise.
    """

    status: _StatusText | None = None
    body_contains: _Text = None
    body_lacks: _Text = None
    body_matches: _Pattern = None
    headers: list[HeaderRule] = Field(default_factory=list, max_length=20)
    size: SizeRule | None = None
    json_values: list[JsonValueRule] = Field(default_factory=list, max_length=20)
    certificate_days: _Days | None = None
    records: RecordsRule | None = None
    answers_within_ms: Annotated[int, Field(ge=1, le=60_000)] | None = None
    expect: Annotated[ExpectNode | None, BeforeValidator(_within_bounds)] = None


# What people send


class Header(Input):
    """A header to send. Values are secrets: none is ever shown, `null` keeps what is stored."""

    name: Annotated[str, Field(max_length=200)]
    value: Annotated[str, Field(max_length=8192)] | None


_HostText = Annotated[str, StringConstraints(strip_whitespace=True, max_length=300)]
_Port = Annotated[int, Field(ge=1, le=65_535)]


class AnyCheckInput(Input):
    """What checks of every kind have. With an `id` it is an edit of the one that is there.

    Attributes:
        upside_down: The target is expected to fail.
    """

    id: Annotated[str, Field(max_length=64), AfterValidator(storable)] | None = None
    expectations: ExpectationsInput = ExpectationsInput()
    timeout_ms: Annotated[int, Field(ge=500, le=60_000)] = 10_000
    confirm_down: Annotated[int, Field(ge=1, le=10)] = 3
    confirm_up: Annotated[int, Field(ge=1, le=10)] = 1
    upside_down: bool = False


class HttpCheckInput(AnyCheckInput):
    """Ask a URL."""

    kind: Literal["http"] = "http"
    method: HttpMethod = HttpMethod.GET
    url: Annotated[str, StringConstraints(strip_whitespace=True, max_length=4096)]
    headers: list[Header] = Field(default_factory=list, max_length=50)
    body: Annotated[str, Field(max_length=65_536)] | None = None
    follow_redirects: bool = True
    verify_tls: bool = True


class DnsCheckInput(AnyCheckInput):
    """Look a name up. Without a `server` those are asked that Allgreen itself uses."""

    kind: Literal["dns"]
    name: _HostText
    record_type: RecordType = RecordType.A
    server: Annotated[_HostText | None, AfterValidator(_text_or_none)] = None


class TcpCheckInput(AnyCheckInput):
    """Connect to a port. What is sent there is a secret: `null` keeps what is stored."""

    kind: Literal["tcp"]
    host: _HostText
    port: _Port
    send: Annotated[str, Field(max_length=4096)] | None = None


class TlsCheckInput(AnyCheckInput):
    """Shake hands over TLS, for the name of the host unless another is given."""

    kind: Literal["tls"]
    host: _HostText
    port: _Port = 443
    server_name: Annotated[_HostText | None, AfterValidator(_text_or_none)] = None
    verify_tls: bool = True


class _Kind(BaseModel):
    kind: CheckKind = CheckKind.HTTP


def _read_by_kind(given: object, _read: Callable[[object], object]) -> object:
    """Read a check as its kind says.

    By hand, because a union of Pydantic would put the kind into the path of each field that is
    refused, and would not let old clients leave it out.
    """
    if isinstance(given, AnyCheckInput):
        return given
    kind = _Kind.model_validate(given).kind if isinstance(given, dict) else CheckKind.HTTP
    return _INPUTS[kind].model_validate(given)


_INPUTS: Final[dict[CheckKind, type[AnyCheckInput]]] = {
    CheckKind.HTTP: HttpCheckInput,
    CheckKind.DNS: DnsCheckInput,
    CheckKind.TCP: TcpCheckInput,
    CheckKind.TLS: TlsCheckInput,
}

CheckInput = Annotated[
    HttpCheckInput | DnsCheckInput | TcpCheckInput | TlsCheckInput, WrapValidator(_read_by_kind)
]
"""One check, of the kind that it names; of HTTP when it names none."""


# What is shown


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectationsView:
    """What counts as correct: the fields, or a tree where the fields cannot say it."""

    status: str
    body_contains: str | None
    body_lacks: str | None
    body_matches: str | None
    headers: list[HeaderRule]
    size: SizeRule | None
    json_values: list[JsonValueRule]
    certificate_days: int | None
    records: RecordsRule | None
    answers_within_ms: int | None
    expect: ExpectNode | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyCheckView:
    """What is shown of a check of any kind."""

    id: str
    expectations: ExpectationsView
    timeout_ms: int
    confirm_down: int
    confirm_up: int
    upside_down: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpCheckView(AnyCheckView):
    """An HTTP check as the form shows it."""

    kind: Literal["http"]
    method: HttpMethod
    url: str
    headers: list[Header]
    body: str | None
    follow_redirects: bool
    verify_tls: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsCheckView(AnyCheckView):
    """A DNS check as the form shows it."""

    kind: Literal["dns"]
    name: str
    record_type: RecordType
    server: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpCheckView(AnyCheckView):
    """A TCP check as the form shows it."""

    kind: Literal["tcp"]
    host: str
    port: int
    send: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsCheckView(AnyCheckView):
    """A TLS check as the form shows it."""

    kind: Literal["tls"]
    host: str
    port: int
    server_name: str | None
    verify_tls: bool


CheckView = Annotated[
    HttpCheckView | DnsCheckView | TcpCheckView | TlsCheckView, Field(discriminator="kind")
]
"""One check, as its kind is shown."""
