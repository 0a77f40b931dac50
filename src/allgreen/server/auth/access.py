"""Access: who is asking, and which permission the route they call was declared with.

Deny by default. A route names its permission by `permission`; a route without one cannot be
added to a `GuardedRouter`. What is asked for is then looked up from the memberships of the caller
and nothing else, with the permission of the route.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.routing import APIRoute
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.identity import AccountId, IncidentId, ServiceId, WorkspaceId
from allgreen.domain.policy import PERMISSIONS, SCOPES, Permission, Role, Scope, key_may, may
from allgreen.errors import NotAllowedError, NotFoundError, NotSignedInError
from allgreen.server.auth import queries
from allgreen.server.auth.keys import Key, brings_key, current_key
from allgreen.server.auth.sessions import Session, current_session

EXTENSION: Final = "x-allgreen-permission"
_WITHOUT_SESSION: Final = {Permission.PUBLIC, Permission.TOKEN, Permission.METRICS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """The caller in one of their workspaces, as read in the current transaction.

    Attributes:
        scope: Of the key that asks; `None` for somebody who is signed in.
    """

    account_id: AccountId
    name: str
    workspace_id: WorkspaceId
    role: Role
    scope: Scope | None = None

    @property
    def may(self) -> list[str]:
        """What the role allows, and the key if one asks, as words for the page."""
        return sorted(one for one in PERMISSIONS[self.role] if self.has(one))

    def has(self, permission: Permission) -> bool:
        """Tell whether the role allows something, and the key if one asks."""
        if self.scope is not None:
            return key_may(self.scope, self.role, permission)
        return may(self.role, permission)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """A caller at a route.

    Attributes:
        needed: Permission that the route was declared with.
        session: `None` where nobody has to be signed in, and where a key asks.
        key: That asks instead of somebody who is signed in.
    """

    needed: Permission
    session: Session | None
    key: Key | None = None

    @property
    def caller(self) -> Session:
        """Return the session.

        Raises:
            NotAllowedError: A key asks for what only people do.
            NotSignedInError: There is none.
        """
        if self.key is not None:
            raise NotAllowedError(self.needed, _KEY_REFUSED)
        if self.session is None:
            raise NotSignedInError
        return self.session

    async def workspace(self, connection: AsyncConnection, workspace_id: str) -> Member:
        """Return the caller as a member of a workspace.

        Raises:
            NotFoundError: There is no such workspace among the caller's.
            NotAllowedError: The role does not allow what the route does.
        """
        found = await queries.find_membership(connection, self._asks.account_id, workspace_id)
        return self._member(found, "workspace")

    async def service(self, connection: AsyncConnection, service_id: str) -> Member:
        """Return the caller as a member of the workspace of a service.

        Raises:
            NotFoundError: There is no such service in the caller's workspaces.
            NotAllowedError: The role does not allow what the route does.
        """
        found = await queries.find_membership_of_service(
            connection, self._asks.account_id, ServiceId(service_id)
        )
        return self._member(found, "service")

    async def incident(self, connection: AsyncConnection, incident_id: str) -> Member:
        """Return the caller as a member of the workspace of an incident.

        Raises:
            NotFoundError: There is no such incident in the caller's workspaces.
            NotAllowedError: The role does not allow what the route does.
        """
        found = await queries.find_membership_of_incident(
            connection, self._asks.account_id, IncidentId(incident_id)
        )
        return self._member(found, "incident")

    @property
    def _asks(self) -> Session | Key:
        return self.key or self.caller

    def _member(self, found: tuple[WorkspaceId, Role] | None, what: str) -> Member:
        # Of all the workspaces of its maker, a key opens the one that it was made for.
        if found is None or (self.key is not None and found[0] != self.key.workspace_id):
            raise NotFoundError(what)
        workspace_id, role = found
        member = Member(
            account_id=self._asks.account_id,
            name=self._asks.name,
            workspace_id=workspace_id,
            role=role,
            scope=None if self.key is None else self.key.scope,
        )
        if not member.has(self.needed):
            raise NotAllowedError(self.needed)
        return member


@dataclass(frozen=True, slots=True)
class _Needs:
    """The dependency of a route that lets nobody in without the permission."""

    permission: Permission

    async def __call__(self, request: Request) -> Access:
        return await find_access(request, self.permission)


async def find_access(request: Request, needed: Permission) -> Access:
    """Return who makes a request, as far as they may come near what needs `needed`.

    What they are in a workspace is looked up later, in the transaction of what they do there.

    Raises:
        NotSignedInError: Nobody is asking, or with a key that does not open anything (any more).
        NotAllowedError: A key asks for what none of its scope may, or somebody for what only
            those who run this Allgreen may.
    """
    if needed in _WITHOUT_SESSION:
        return Access(needed=needed, session=None)
    if brings_key(request.headers):
        key = await current_key(request)
        if needed not in SCOPES[key.scope] or _is_of_a_person(request.method, needed):
            raise NotAllowedError(needed, _KEY_REFUSED)
        return Access(needed=needed, session=None, key=key)
    session = await current_session(request)
    if session is None:
        raise NotSignedInError
    if needed is Permission.INSTANCE and not session.is_instance_admin:
        raise NotAllowedError(needed)
    return Access(needed=needed, session=session)


def _is_of_a_person(method: str, needed: Permission) -> bool:
    """Tell whether something is changed by what any reader may do: an answer to an offer, say."""
    return method not in _SAFE_METHODS and needed in SCOPES[Scope.READ]


_SAFE_METHODS: Final = {"GET", "HEAD"}
_KEY_REFUSED: Final = (
    "This key may not do this. Make one that may write, or sign in: people, keys and accounts "
    "are out of reach of every key."
)


def permission(needed: Permission) -> Any:
    """Declare what a route needs; gives it an `Access`."""
    return Depends(_Needs(needed))


class GuardedRoute(APIRoute):
    """A route that names its permission in the API document; without one it cannot exist."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        self.openapi_extra = {**(self.openapi_extra or {}), EXTENSION: self.permission.value}

    @property
    def permission(self) -> Permission:
        """Return the permission that the route was declared with."""
        calls = [dependency.call for dependency in self.dependant.dependencies]
        needed = [call.permission for call in calls if isinstance(call, _Needs)]
        if len(needed) != 1:
            raise TypeError(f"{self.path} must declare one permission, not {len(needed)}.")
        return needed[0]


def guarded_router(tag: str, prefix: str = "") -> APIRouter:
    """Return a router that takes no route without a permission."""
    return APIRouter(
        prefix=prefix,
        tags=[tag],
        route_class=GuardedRoute,
        generate_unique_id_function=lambda route: route.name,
    )
