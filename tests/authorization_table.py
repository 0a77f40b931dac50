"""Who may do what, drawn from the policy and from the operations of the API document.

`./dev docs` puts both tables into docs/authorization.md; a guard holds them equal. The tests of
`tests/authorization` ask every operation as everybody, and expect what stands here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from allgreen.domain.policy import SCOPES, Permission, Role, Scope, may
from allgreen.server.app import build_routes

DOCUMENT = Path(__file__).parents[1] / "docs/authorization.md"


class Who(StrEnum):
    """Who asks: the columns of the table."""

    PUBLIC = "public"
    """Nobody is signed in."""
    SIGNED_IN = "signed in"
    """Somebody who is no member."""
    OBSERVER = "observer"
    ADMIN = "admin"
    OWNER = "owner"
    INSTANCE = "instance"
    """Who runs this Allgreen, and is no member."""
    READ_KEY = "read key"
    """A key of an owner."""
    WRITE_KEY = "write key"


class Cell(StrEnum):
    """What they are answered."""

    YES = "yes"
    OWN = "own"
    """What is their own, and nothing else."""
    NOT_SIGNED_IN = "401"
    NOT_ALLOWED = "403"
    HIDDEN = "404"
    """The same as for an id that nobody ever had."""


_OPEN = {Permission.PUBLIC, Permission.TOKEN, Permission.METRICS}
_ROLES = {Who.OBSERVER: Role.OBSERVER, Who.ADMIN: Role.ADMIN, Who.OWNER: Role.OWNER}
_KEYS = {Who.READ_KEY: Scope.READ, Who.WRITE_KEY: Scope.WRITE}
_BY_POWER = (Role.OBSERVER, Role.ADMIN, Role.OWNER)
_STRANGERS = {Who.SIGNED_IN, Who.INSTANCE}

NOTES: Mapping[str, str] = {
    "register": "unless this Allgreen takes no new accounts",
    "restore_workspace": "a workspace that was deleted is there for its owners only, its keys dead",
    "accept_offer": "who it was offered to",
    "decline_offer": "who it was offered to",
    "list_members": "addresses of others are for owners",
    "edit_member": "not oneself, and nobody becomes an owner by it",
    "invite": "admins may invite observers where an owner lets them",
    "resend_invitation": "admins may invite observers where an owner lets them",
    "accept_invitation": "with the invited address as one's verified one",
    "list_audit": "admins see what happened to services and incidents",
    "list_people": "addresses of others are for owners",
    "list_services": "observers see an address without its query",
    "get_service": "observers see no secret, and of the recipients only themselves",
    "list_results": "observers see nothing that was found in a body",
    "list_deliveries": "addresses of other members are for owners",
    "list_keys": "one's own; owners see those of others too",
    "revoke_key": "one's own; owners any",
    "make_key": "with the password typed lately",
    "get_profile": "as its owner lets it be seen",
    "get_photo": "as the profile that it stands in",
    "get_small_photo": "as the profile that it stands in",
    "edit_status_page": "whether, as what and with which services it is published is for owners",
    "get_public_status": "while it is published",
    "delete_workspace": "with its name typed, and the password typed lately",
    "offer_workspace": "with the password typed lately",
    "get_subscription": "one's own, and how many are told",
    "subscribe": "oneself",
    "unsubscribe": "oneself",
}
"""What the table cannot say of an operation."""

EXCEPTIONS: Mapping[str, Mapping[Who, Cell]] = {
    # A deleted workspace is there for nobody but those who may have it back.
    "restore_workspace": {
        Who.OBSERVER: Cell.HIDDEN,
        Who.ADMIN: Cell.HIDDEN,
        Who.READ_KEY: Cell.NOT_SIGNED_IN,
        Who.WRITE_KEY: Cell.NOT_SIGNED_IN,
    },
}
"""Where the permission alone does not tell how somebody is answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An operation of the API document."""

    id: str
    resource: str
    method: str
    path: str
    permission: Permission


@cache
def list_operations() -> tuple[Operation, ...]:
    """Return the operations in the order of the document."""
    paths = build_routes().openapi()["paths"]
    return tuple(
        Operation(
            id=operation["operationId"],
            resource=operation["tags"][0],
            method=method.upper(),
            path=path,
            permission=Permission(operation["x-allgreen-permission"]),
        )
        for path, methods in paths.items()
        for method, operation in methods.items()
    )


def cell(operation: Operation, who: Who) -> Cell:
    """Return how somebody is answered who asks for an operation."""
    permission = operation.permission
    if who in EXCEPTIONS.get(operation.id, {}):
        return EXCEPTIONS[operation.id][who]
    if permission in _OPEN:
        return Cell.YES
    if who is Who.PUBLIC:
        return Cell.NOT_SIGNED_IN
    if who in _KEYS and not _opens(_KEYS[who], operation):
        return Cell.NOT_ALLOWED
    if permission is Permission.SIGNED_IN:
        return Cell.OWN
    if permission is Permission.INSTANCE:
        return Cell.YES if who is Who.INSTANCE else Cell.NOT_ALLOWED
    if who in _STRANGERS:
        return Cell.HIDDEN
    return Cell.YES if may(_ROLES.get(who, Role.OWNER), permission) else Cell.NOT_ALLOWED


def _opens(scope: Scope, operation: Operation) -> bool:
    # What any reader may change is something of their own, and for people.
    is_own = operation.method != "GET" and operation.permission in SCOPES[Scope.READ]
    return operation.permission in SCOPES[scope] and not is_own


def tables() -> dict[str, str]:
    """Return the tables as Markdown, by the name of their section."""
    return {
        "permissions": "\n".join(_as_rows(_permissions())),
        "operations": "\n".join((*_as_rows(_operations()), "", *_notes())),
    }


def document_with(tables_: Mapping[str, str], text: str) -> str:
    """Return the document with these tables in the place of its own."""
    for name, table in tables_.items():
        begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
        pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
        text = pattern.sub(f"{begin}\n\n{table}\n\n{end}".replace("\\", "\\\\"), text)
    return text


def _permissions() -> Iterator[tuple[str, ...]]:
    yield ("permission", *_BY_POWER, *(f"{scope} key" for scope in Scope))
    for permission in Permission:
        if "." in permission.value:
            roles = (may(role, permission) for role in _BY_POWER)
            keys = (permission in SCOPES[scope] for scope in Scope)
            yield (f"`{permission}`", *("yes" if one else "" for one in (*roles, *keys)))


def _operations() -> Iterator[tuple[str, ...]]:
    yield ("resource", "operation", "permission", *Who)
    last = ""
    for operation in list_operations():
        note = f" [{_number(operation.id)}]" if operation.id in NOTES else ""
        name = f"`{operation.method} {operation.path.removeprefix('/api/v1')}`{note}"
        resource = "" if operation.resource == last else f"**{operation.resource}**"
        cells = (cell(operation, who).value for who in Who)
        yield (resource, name, f"`{operation.permission}`", *cells)
        last = operation.resource


def _notes() -> Iterator[str]:
    known = {operation.id for operation in list_operations()}
    yield from (f"* [{_number(id_)}] {text}" for id_, text in NOTES.items() if id_ in known)


def _number(operation_id: str) -> int:
    known = {operation.id for operation in list_operations()}
    return [id_ for id_ in NOTES if id_ in known].index(operation_id) + 1


def _as_rows(rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    for at, cells in enumerate(rows):
        yield f"| {' | '.join(cells)} |".replace("  ", " ")
        if at == 0:
            yield "|" + "---|" * len(cells)


if __name__ == "__main__":
    DOCUMENT.write_text(
        document_with(tables(), DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8"
    )
