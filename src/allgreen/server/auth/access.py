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
from allgreen.domain.policy import PERMISSIONS, Permission, Role, may
from allgreen.errors import NotAllowedError, NotFoundError, NotSignedInError
from allgreen.server.auth import queries
from allgreen.server.auth.sessions import Session, current_session

EXTENSION: Final = "x-allgreen-permission"
_WITHOUT_SESSION: Final = {Permission.PUBLIC, Permission.TOKEN, Permission.METRICS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """The caller in one of their workspaces, as read in the current transaction."""

    account_id: AccountId
    name: str
    workspace_id: WorkspaceId
    role: Role

    @property
    def may(self) -> list[str]:
        """What the role allows, as words for the page."""
        return sorted(PERMISSIONS[self.role])

    def has(self, permission: Permission) -> bool:
        """Tell whether the role allows something."""
        return may(self.role, permission)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """A caller at a route.

    Attributes:
        needed: Permission that the route was declared with.
        session: `None` only where nobody has to be signed in.
    """

    needed: Permission
    session: Session | None

    @property
    def caller(self) -> Session:
        """Return the session.

        Raises:
            NotSignedInError: There is none.
        """
        if self.session is None:
            raise NotSignedInError
        return self.session

    async def workspace(self, connection: AsyncConnection, workspace_id: str) -> Member:
        """Return the caller as a member of a workspace.

        Raises:
            NotFoundError: There is no such workspace among the caller's.
            NotAllowedError: The role does not allow what the route does.
        """
        found = await queries.find_membership(connection, self.caller.account_id, workspace_id)
        return self._member(found, "workspace")

    async def service(self, connection: AsyncConnection, service_id: str) -> Member:
        """Return the caller as a member of the workspace of a service.

        Raises:
            NotFoundError: There is no such service in the caller's workspaces.
            NotAllowedError: The role does not allow what the route does.
        """
        found = await queries.find_membership_of_service(
            connection, self.caller.account_id, ServiceId(service_id)
        )
        return self._member(found, "service")

    async def incident(self, connection: AsyncConnection, incident_id: str) -> Member:
        """Return the caller as a member of the workspace of an incident.

        Raises:
            NotFoundError: There is no such incident in the caller's workspaces.
            NotAllowedError: The role does not allow what the route does.
        """
        found = await queries.find_membership_of_incident(
            connection, self.caller.account_id, IncidentId(incident_id)
        )
        return self._member(found, "incident")

    def _member(self, found: tuple[WorkspaceId, Role] | None, what: str) -> Member:
        if found is None:
            raise NotFoundError(what)
        workspace_id, role = found
        if not may(role, self.needed):
            raise NotAllowedError(self.needed)
        caller = self.caller
        return Member(
            account_id=caller.account_id, name=caller.name, workspace_id=workspace_id, role=role
        )


@dataclass(frozen=True, slots=True)
class _Needs:
    """The dependency of a route that lets nobody in without the permission."""

    permission: Permission

    async def __call__(self, request: Request) -> Access:
        if self.permission in _WITHOUT_SESSION:
            return Access(needed=self.permission, session=None)
        session = await current_session(request)
        if session is None:
            raise NotSignedInError
        if self.permission is Permission.INSTANCE and not session.is_instance_admin:
            raise NotAllowedError(self.permission)
        return Access(needed=self.permission, session=session)


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
