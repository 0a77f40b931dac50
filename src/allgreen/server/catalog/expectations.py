"""Between the form and the tree of expectations: read with a sentence for each mistake, and back.

The form has a field for each thing that people compare most. What it cannot say is a tree.
"""

import ipaddress
import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from allgreen.domain.check import Check, CheckKind, RecordType
from allgreen.domain.expectation import (
    AllOf,
    AnyOf,
    BodyContains,
    BodyMatches,
    BodySize,
    CertificateLasts,
    Expectation,
    HeaderOperator,
    HeaderValue,
    JsonOperator,
    JsonValue,
    Leaf,
    Not,
    RecordsAre,
    StatusIs,
    list_leaves,
)
from allgreen.domain.veil import is_open
from allgreen.executors.matching import validate_json_path, validate_pattern
from allgreen.server.catalog.check_schemas import (
    ExpectationsInput,
    ExpectationsView,
    ExpectNode,
    HeaderRule,
    JsonValueRule,
    RecordsRule,
    SizeRule,
)
from allgreen.server.catalog.mistakes import Problems, join
from allgreen.server.views.explanations import HIDDEN

MOST_PATTERNS: Final = 5
"""Each may take a tenth of a second, and a run has to end."""

_HEADER_NAME: Final = frozenset(string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~")
_TEXTS: Final = frozenset({"body_contains", "body_lacks", "body_matches"})
_FITTING: Final[Mapping[CheckKind, frozenset[str]]] = {
    CheckKind.HTTP: _TEXTS
    | {"status", "headers", "header", "size", "json_values", "json_value", "certificate_days"},
    CheckKind.DNS: _TEXTS | {"records"},
    CheckKind.TCP: _TEXTS | {"size", "json_values", "json_value"},
    CheckKind.TLS: _TEXTS | {"certificate_days"},
}
"""What there is to compare; the texts of DNS are its records, those of TLS the certificate."""

_NAMES_ALONE: Final = frozenset({RecordType.CNAME, RecordType.NS, RecordType.PTR})
_IN_ANY_CASE: Final = _NAMES_ALONE | {RecordType.MX, RecordType.SOA, RecordType.SRV}
_FAMILIES: Final = {RecordType.A: 4, RecordType.AAAA: 6}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What kind of check the expectations are of.

    Attributes:
        record_type: What a DNS check looks up.
    """

    kind: CheckKind
    record_type: RecordType | None = None


def read_expectations(
    form: ExpectationsInput, asked: Asked, problems: Problems, where: str
) -> Expectation:
    """Return what a form expects; what is wrong with it is noted below `where`."""
    reader = _Reader(asked, problems)
    if form.expect is None:
        found: Expectation = AllOf(parts=tuple(reader.fields(form, where)))
    else:
        if _given(form):
            problems.add(
                join(where, "expect"), "both", "Expect either by a tree or by fields, not by both."
            )
        found = reader.node(form.expect, join(where, "expect"))
    if sum(1 for _ in _patterns_in(found)) > MOST_PATTERNS:
        problems.add(where, "patterns", f"Search for at most {MOST_PATTERNS} patterns.")
    return found


def show_expectations(check: Check, *, is_whole: bool) -> ExpectationsView:
    """Return what a check expects as the form shows it.

    Args:
        check: What is stored.
        is_whole: Show texts that are looked for, too.
    """
    fields = _Fields.of(check)
    within = check.answers_within
    view = fields or _Fields()
    return ExpectationsView(
        status=view.status,
        body_contains=_veil(view.body_contains, is_whole=is_whole),
        body_lacks=_veil(view.body_lacks, is_whole=is_whole),
        body_matches=_veil(view.body_matches, is_whole=is_whole),
        headers=[_show_header(header, is_whole=is_whole) for header in view.headers],
        size=_show_size(view.size) if view.size else None,
        json_values=[_show_value(value, is_whole=is_whole) for value in view.json_values],
        certificate_days=view.certificate_days,
        records=_show_records(view.records) if view.records else None,
        answers_within_ms=None if within is None else round(within / timedelta(milliseconds=1)),
        expect=_show_node(check.expectation, is_whole=is_whole) if fields is None else None,
    )


def list_patterns(form: ExpectationsInput) -> Iterator[str]:
    """Return the patterns of a form, which take a while to compile."""
    if form.body_matches:
        yield form.body_matches
    yield from (rule.value for rule in form.headers if rule.operator is HeaderOperator.MATCHES)
    nodes = [form.expect] if form.expect else []
    while nodes:
        node = nodes.pop()
        nodes += [*(node.all_of or ()), *(node.any_of or ()), *([node.not_] if node.not_ else ())]
        if node.body_matches:
            yield node.body_matches
        if node.header and node.header.operator is HeaderOperator.MATCHES:
            yield node.header.value


class _Reader:
    """Reads the parts of a form for one kind of check."""

    def __init__(self, asked: Asked, problems: Problems) -> None:
        self._asked = asked
        self._problems = problems

    def fields(self, form: ExpectationsInput, where: str) -> Iterator[Expectation]:
        """Return a part for each field that is given."""
        for name in _given(form):
            self._check_fits(name, join(where, name))
        if self._asked.kind is CheckKind.HTTP:
            yield self._status("200" if form.status is None else form.status, join(where, "status"))
        yield from self._texts(form, where)
        for index, rule in enumerate(form.headers):
            yield self._header(rule, join(where, f"headers.{index}"))
        if form.size is not None:
            yield self._size(form.size, join(where, "size"))
        for index, value in enumerate(form.json_values):
            yield self._value(value, join(where, f"json_values.{index}"))
        if form.certificate_days is not None:
            yield CertificateLasts(days=form.certificate_days)
        if form.records is not None:
            yield self._records(form.records, join(where, "records"))

    def _texts(self, form: ExpectationsInput, where: str) -> Iterator[Expectation]:
        if form.body_contains:
            yield BodyContains(text=form.body_contains)
        if form.body_lacks:
            yield Not(part=BodyContains(text=form.body_lacks))
        if form.body_matches:
            yield self._pattern(form.body_matches, join(where, "body_matches"))

    def node(self, node: ExpectNode, where: str) -> Expectation:
        """Return a part of a tree, with all that is below it."""
        if node.all_of is not None:
            return AllOf(parts=self._nodes(node.all_of, join(where, "all_of")))
        if node.any_of is not None:
            return AnyOf(parts=self._nodes(node.any_of, join(where, "any_of")))
        if node.not_ is not None:
            return Not(part=self.node(node.not_, join(where, "not")))
        (name,) = node.given()
        self._check_fits(name, join(where, name))
        return self._leaf(node, join(where, name))

    def _nodes(self, nodes: Sequence[ExpectNode], where: str) -> tuple[Expectation, ...]:
        return tuple(self.node(node, join(where, index)) for index, node in enumerate(nodes))

    def _leaf(self, node: ExpectNode, where: str) -> Leaf:
        if node.body_contains is not None:
            return BodyContains(text=node.body_contains)
        if node.body_matches is not None:
            return self._pattern(node.body_matches, where)
        if node.header is not None:
            return self._header(node.header, where)
        if node.size is not None:
            return self._size(node.size, where)
        if node.json_value is not None:
            return self._value(node.json_value, where)
        if node.certificate_days is not None:
            return CertificateLasts(days=node.certificate_days)
        if node.records is not None:
            return self._records(node.records, where)
        return self._status(node.status or "", where)

    def _check_fits(self, name: str, where: str) -> None:
        if name not in _FITTING[self._asked.kind]:
            kind = self._asked.kind.value.upper()
            message = f"A {kind} check finds nothing to compare with this. Leave it out."
            self._problems.add(where, "not_for_kind", message)

    def _status(self, text: str, where: str) -> StatusIs:
        try:
            return StatusIs.parse(text)
        except ValueError as error:
            self._problems.add(where, "status", str(error))
            return StatusIs()

    def _pattern(self, pattern: str, where: str) -> BodyMatches:
        self._problems.check(where, "pattern", lambda: validate_pattern(pattern))
        return BodyMatches(pattern=pattern)

    def _header(self, rule: HeaderRule, where: str) -> HeaderValue:
        if not rule.name or not _HEADER_NAME.issuperset(rule.name):
            message = "A header name has letters, digits and hyphens only, and no colon."
            self._problems.add(join(where, "name"), "header", message)
        if rule.operator is HeaderOperator.MATCHES:
            self._problems.check(
                join(where, "value"), "pattern", lambda: validate_pattern(rule.value)
            )
        value = "" if rule.operator is HeaderOperator.EXISTS else rule.value
        return HeaderValue(name=rule.name, operator=rule.operator, value=value)

    def _size(self, rule: SizeRule, where: str) -> BodySize:
        if rule.at_least is None and rule.at_most is None:
            self._problems.add(where, "missing", "Write the fewest or the most bytes, or both.")
        elif rule.at_most is not None and rule.at_most < (rule.at_least or 0):
            message = "The most bytes are fewer than the fewest. Swap the two."
            self._problems.add(join(where, "at_most"), "below_at_least", message)
        return BodySize(at_least=rule.at_least, at_most=rule.at_most)

    def _value(self, rule: JsonValueRule, where: str) -> JsonValue:
        path = rule.path.strip()
        self._problems.check(join(where, "path"), "json_path", lambda: validate_json_path(path))
        if rule.operator in (JsonOperator.ABOVE, JsonOperator.BELOW):
            self._problems.check(join(where, "value"), "number", lambda: _check_number(rule.value))
        value = "" if rule.operator is JsonOperator.EXISTS else rule.value
        return JsonValue(path=path, operator=rule.operator, value=value)

    def _records(self, rule: RecordsRule, where: str) -> RecordsAre:
        values: list[str] = []
        for index, text in enumerate(rule.values):
            try:
                values.append(_read_record(text, self._asked.record_type))
            except ValueError as error:
                self._problems.add(join(where, f"values.{index}"), "record", str(error))
        return RecordsAre(values=tuple(values), match=rule.match)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fields:
    """A tree in the shape of the form; `of` is the opposite of reading its fields."""

    status: str = ""
    body_contains: str | None = None
    body_lacks: str | None = None
    body_matches: str | None = None
    headers: tuple[HeaderValue, ...] = ()
    size: BodySize | None = None
    json_values: tuple[JsonValue, ...] = ()
    certificate_days: int | None = None
    records: RecordsAre | None = None

    @classmethod
    def of(cls, check: Check) -> "_Fields | None":
        """Return the fields that are read as this tree; `None` when there are none."""
        tree = check.expectation
        parts = tree.parts if isinstance(tree, AllOf) else (tree,)
        found = cls(
            status=next((str(part) for part in parts if isinstance(part, StatusIs)), ""),
            body_contains=next((p.text for p in parts if isinstance(p, BodyContains)), None),
            body_lacks=next(filter(None, map(_lacked_text, parts)), None),
            body_matches=next((p.pattern for p in parts if isinstance(p, BodyMatches)), None),
            headers=tuple(part for part in parts if isinstance(part, HeaderValue)),
            size=next((part for part in parts if isinstance(part, BodySize)), None),
            json_values=tuple(part for part in parts if isinstance(part, JsonValue)),
            certificate_days=next((p.days for p in parts if isinstance(p, CertificateLasts)), None),
            records=next((part for part in parts if isinstance(part, RecordsAre)), None),
        )
        needs_status = check.kind is CheckKind.HTTP
        is_said = tuple(found._parts()) == parts and bool(found.status) is needs_status
        return found if is_said else None

    def _parts(self) -> Iterator[Expectation]:
        if self.status:
            yield StatusIs.parse(self.status)
        if self.body_contains is not None:
            yield BodyContains(text=self.body_contains)
        if self.body_lacks is not None:
            yield Not(part=BodyContains(text=self.body_lacks))
        if self.body_matches is not None:
            yield BodyMatches(pattern=self.body_matches)
        yield from self.headers
        if self.size is not None:
            yield self.size
        yield from self.json_values
        if self.certificate_days is not None:
            yield CertificateLasts(days=self.certificate_days)
        if self.records is not None:
            yield self.records


def _lacked_text(part: Expectation) -> str | None:
    match part:
        case Not(part=BodyContains(text=text)):
            return text
        case _:
            return None


def _given(form: ExpectationsInput) -> list[str]:
    """Return the fields that ask for something, without the two that go with every kind."""
    names = [*ExpectationsInput.model_fields.keys() - {"answers_within_ms", "expect"}]
    return [name for name in names if getattr(form, name)]


def _patterns_in(expectation: Expectation) -> Iterator[str]:
    for leaf in list_leaves(expectation):
        match leaf:
            case BodyMatches(pattern=pattern):
                yield pattern
            case HeaderValue(operator=HeaderOperator.MATCHES, value=pattern):
                yield pattern
            case _:
                pass


def _check_number(text: str) -> None:
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not -1e308 <= number <= 1e308:
        raise ValueError("Above and below compare numbers. Write one, such as 500.")


def _read_record(text: str, record_type: RecordType | None) -> str:
    """Return a record the way a look-up writes it.

    Raises:
        ValueError: With a sentence that says what to write instead.
    """
    if not text:
        raise ValueError("Write the record that is expected.")
    if record_type in _FAMILIES:
        return _read_address(text, _FAMILIES[record_type])
    if record_type not in _IN_ANY_CASE:
        return text
    words = [word.lower().removesuffix(".") or "." for word in text.split()]
    if record_type in _NAMES_ALONE and len(words) != 1:
        raise ValueError("Write one name in each line, such as ns1.example.com.")
    return " ".join(words)


def _read_address(text: str, version: int) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        address = None
    if address is None or address.version != version or "%" in text:
        example = "192.0.2.1" if version == 4 else "2001:db8::1"
        raise ValueError(f"Write an IPv{version} address, such as {example}.")
    return str(address)


def _show_node(expectation: Expectation, *, is_whole: bool) -> ExpectNode:
    match expectation:
        case AllOf(parts=parts):
            return _node(all_of=[_show_node(part, is_whole=is_whole) for part in parts])
        case AnyOf(parts=parts):
            return _node(any_of=[_show_node(part, is_whole=is_whole) for part in parts])
        case Not(part=part):
            return _node(not_=_show_node(part, is_whole=is_whole))
        case _:
            return _show_leaf(expectation, is_whole=is_whole)


def _show_leaf(leaf: Leaf, *, is_whole: bool) -> ExpectNode:
    match leaf:
        case StatusIs():
            return _node(status=str(leaf))
        case BodyContains(text=text):
            return _node(body_contains=_veil(text, is_whole=is_whole))
        case BodyMatches(pattern=pattern):
            return _node(body_matches=_veil(pattern, is_whole=is_whole))
        case BodySize():
            return _node(size=_show_size(leaf))
        case HeaderValue():
            return _node(header=_show_header(leaf, is_whole=is_whole))
        case JsonValue():
            return _node(json_value=_show_value(leaf, is_whole=is_whole))
        case CertificateLasts(days=days):
            return _node(certificate_days=days)
        case RecordsAre():
            return _node(records=_show_records(leaf))


def _node(**field: object) -> ExpectNode:
    return ExpectNode.model_construct(**field)  # type: ignore[arg-type]  # one of its fields


def _show_header(header: HeaderValue, *, is_whole: bool) -> HeaderRule:
    value = header.value if is_whole or not header.value else HIDDEN
    return HeaderRule(name=header.name, operator=header.operator, value=value)


def _show_size(size: BodySize) -> SizeRule:
    return SizeRule(at_least=size.at_least, at_most=size.at_most)


def _show_value(value: JsonValue, *, is_whole: bool) -> JsonValueRule:
    shown = value.value if is_whole or is_open(value) else HIDDEN
    return JsonValueRule(path=value.path, operator=value.operator, value=shown)


def _show_records(records: RecordsAre) -> RecordsRule:
    return RecordsRule(values=list(records.values), match=records.match)


def _veil(text: str | None, *, is_whole: bool) -> str | None:
    return text if is_whole or text is None else HIDDEN
