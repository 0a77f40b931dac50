"""Who may do what: the one table of roles and actions.

Deny by default. Strangers are told "not found", members who lack a right "not allowed".
"""

from enum import StrEnum


class Role(StrEnum):
    """What an account is in a workspace."""

    OWNER = "owner"
    ADMIN = "admin"
    OBSERVER = "observer"


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
    WORKSPACE_READ = "workspace.read"
    WORKSPACE_WRITE = "workspace.write"
    MEMBER_READ = "member.read"
    SERVICE_READ = "service.read"
    SERVICE_WRITE = "service.write"
    SERVICE_PREVIEW = "service.preview"
    SERVICE_CHECK_NOW = "service.check_now"
    RESULT_READ = "result.read"
    INCIDENT_READ = "incident.read"
    RECIPIENT_READ = "recipient.read"
    RECIPIENT_WRITE = "recipient.write"
    DELIVERY_READ = "delivery.read"
    EVENT_READ = "event.read"
    WINDOW_READ = "window.read"
    WINDOW_WRITE = "window.write"


_OBSERVER = frozenset(
    {
        Permission.WORKSPACE_READ,
        Permission.MEMBER_READ,
        Permission.SERVICE_READ,
        Permission.RESULT_READ,
        Permission.INCIDENT_READ,
        Permission.EVENT_READ,
        Permission.WINDOW_READ,
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
}
_OWNER = _ADMIN | {Permission.WORKSPACE_WRITE}

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.OBSERVER: _OBSERVER,
    Role.ADMIN: _ADMIN,
    Role.OWNER: _OWNER,
}


def may(role: Role, permission: Permission) -> bool:
    """Tell whether a member with `role` may do what needs `permission`."""
    return permission in PERMISSIONS[role]
