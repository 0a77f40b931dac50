"""Who may do what: the one table of roles and actions.

Deny by default. Strangers are told "not found", members who lack a right "not allowed".
"""

from enum import StrEnum


class Role(StrEnum):
    """What an account is in a workspace."""

    OWNER = "owner"
    ADMIN = "admin"
    OBSERVER = "observer"


class Scope(StrEnum):
    """What a key of the API may do at the most; never more than its maker may at that moment."""

    READ = "read"
    WRITE = "write"


class Permission(StrEnum):
    """What a route needs; named in the API document as ``x-allgreen-permission``."""

    PUBLIC = "public"
    """Anybody, signed in or not."""
    TOKEN = "token"  # noqa: S105 - the word, not a secret
    """Whoever holds the one-time token in the request."""
    METRICS = "metrics"
    """A metrics token, or a loopback peer."""
    SIGNED_IN = "signed_in"
    """Any account, on its own things."""
    INSTANCE = "instance"
    """Who runs this Allgreen; it opens no workspace."""
    WORKSPACE_READ = "workspace.read"
    WORKSPACE_WRITE = "workspace.write"
    WORKSPACE_DELETE = "workspace.delete"
    WORKSPACE_TRANSFER = "workspace.transfer"
    WORKSPACE_LEAVE = "workspace.leave"
    WORKSPACE_EXPORT = "workspace.export"
    MEMBER_READ = "member.read"
    MEMBER_WRITE = "member.write"
    INVITATION_READ = "invitation.read"
    INVITATION_WRITE = "invitation.write"
    SERVICE_READ = "service.read"
    SERVICE_WRITE = "service.write"
    SERVICE_PREVIEW = "service.preview"
    SERVICE_CHECK_NOW = "service.check_now"
    RESULT_READ = "result.read"
    INCIDENT_READ = "incident.read"
    RECIPIENT_READ = "recipient.read"
    RECIPIENT_WRITE = "recipient.write"
    SUBSCRIPTION_OWN = "subscription.own"
    """To be told of a service oneself, or no longer."""
    DELIVERY_READ = "delivery.read"
    EVENT_READ = "event.read"
    WINDOW_READ = "window.read"
    WINDOW_WRITE = "window.write"
    STATUS_PAGE_READ = "status_page.read"
    """Also of a page that is not published."""
    STATUS_PAGE_EDIT = "status_page.edit"
    """What it says."""
    STATUS_PAGE_PUBLISH = "status_page.publish"
    """Whether it is published, under which name, and with which services."""
    AUDIT_READ = "audit.read"
    """Admins see what happened to services and incidents, owners all of it."""
    KEY_OWN = "key.own"
    """Keys of one's own; none can do more than its maker."""
    KEY_MANAGE = "key.manage"
    """Keys of others."""


_OBSERVER = frozenset(
    {
        Permission.WORKSPACE_READ,
        Permission.WORKSPACE_LEAVE,
        Permission.MEMBER_READ,
        Permission.SERVICE_READ,
        Permission.RESULT_READ,
        Permission.INCIDENT_READ,
        Permission.SUBSCRIPTION_OWN,
        Permission.EVENT_READ,
        Permission.WINDOW_READ,
        Permission.STATUS_PAGE_READ,
        Permission.KEY_OWN,
    }
)
_ADMIN = _OBSERVER | {
    Permission.SERVICE_WRITE,
    Permission.SERVICE_PREVIEW,
    Permission.SERVICE_CHECK_NOW,
    Permission.RECIPIENT_READ,
    Permission.RECIPIENT_WRITE,
    Permission.DELIVERY_READ,
    Permission.WINDOW_WRITE,
    Permission.STATUS_PAGE_EDIT,
    Permission.AUDIT_READ,
}
_OWNER = _ADMIN | {
    Permission.WORKSPACE_WRITE,
    Permission.WORKSPACE_DELETE,
    Permission.WORKSPACE_TRANSFER,
    Permission.WORKSPACE_EXPORT,
    Permission.MEMBER_WRITE,
    Permission.INVITATION_READ,
    Permission.INVITATION_WRITE,
    Permission.STATUS_PAGE_PUBLISH,
    Permission.KEY_MANAGE,
}

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.OBSERVER: _OBSERVER,
    Role.ADMIN: _ADMIN,
    Role.OWNER: _OWNER,
}

_ALLOWED_ADMINS = frozenset({Permission.INVITATION_READ, Permission.INVITATION_WRITE})


_READING = frozenset(
    {
        Permission.WORKSPACE_READ,
        Permission.SERVICE_READ,
        Permission.RESULT_READ,
        Permission.INCIDENT_READ,
        Permission.RECIPIENT_READ,
        Permission.DELIVERY_READ,
        Permission.EVENT_READ,
        Permission.WINDOW_READ,
        Permission.STATUS_PAGE_READ,
    }
)

SCOPES: dict[Scope, frozenset[Permission]] = {
    Scope.READ: _READING,
    Scope.WRITE: _READING
    | {
        Permission.SERVICE_WRITE,
        Permission.SERVICE_PREVIEW,
        Permission.SERVICE_CHECK_NOW,
        Permission.RECIPIENT_WRITE,
        Permission.WINDOW_WRITE,
        Permission.STATUS_PAGE_EDIT,
    },
}
"""What keys may do at the most: they watch services, and govern nobody."""


def permissions_of(role: Role, *, admins_may_invite: bool) -> frozenset[Permission]:
    """Return what a member may do where owners let admins invite observers, or do not."""
    is_allowed = role is Role.ADMIN and admins_may_invite
    return PERMISSIONS[role] | _ALLOWED_ADMINS if is_allowed else PERMISSIONS[role]


def may(role: Role, permission: Permission) -> bool:
    """Tell whether a member with `role` may do what needs `permission`."""
    return permission in PERMISSIONS[role]


def key_may(scope: Scope, role: Role, permission: Permission) -> bool:
    """Tell whether a key with `scope` may, whose maker is a member with `role` at this moment."""
    return permission in SCOPES[scope] and may(role, permission)
