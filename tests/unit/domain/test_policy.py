"""Who may do what."""

from __future__ import annotations

import pytest

from allgreen.domain.policy import (
    PERMISSIONS,
    SCOPES,
    Permission,
    Role,
    Scope,
    key_may,
    may,
    permissions_of,
)

WITHOUT_A_ROLE = {
    Permission.PUBLIC,
    Permission.TOKEN,
    Permission.METRICS,
    Permission.SIGNED_IN,
    Permission.INSTANCE,
}
OWNERS_ALONE = {
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
OF_ONES_OWN = {Permission.WORKSPACE_LEAVE, Permission.SUBSCRIPTION_OWN, Permission.KEY_OWN}
"""What changes nothing but what is the member's own."""


@pytest.mark.parametrize("permission", set(Permission) - WITHOUT_A_ROLE, ids=str)
def test_an_owner_may_do_everything_in_a_workspace(permission: Permission) -> None:
    assert may(Role.OWNER, permission)


@pytest.mark.parametrize("permission", WITHOUT_A_ROLE, ids=str)
def test_what_needs_no_membership_is_granted_to_no_role(permission: Permission) -> None:
    assert not any(may(role, permission) for role in Role)


def test_a_higher_role_may_all_that_a_lower_one_may() -> None:
    assert PERMISSIONS[Role.OBSERVER] < PERMISSIONS[Role.ADMIN] < PERMISSIONS[Role.OWNER]


def test_owners_alone_govern_the_workspace_its_people_and_what_everybody_sees() -> None:
    assert PERMISSIONS[Role.OWNER] - PERMISSIONS[Role.ADMIN] == OWNERS_ALONE


@pytest.mark.parametrize("permission", PERMISSIONS[Role.OBSERVER] - OF_ONES_OWN, ids=str)
def test_an_observer_may_only_read(permission: Permission) -> None:
    assert permission.value.endswith(".read")


@pytest.mark.parametrize("permission", OF_ONES_OWN, ids=str)
def test_every_member_may_leave_be_told_and_keep_keys(permission: Permission) -> None:
    assert all(may(role, permission) for role in Role)


@pytest.mark.parametrize(
    "permission",
    [
        Permission.RECIPIENT_READ,
        Permission.DELIVERY_READ,
        Permission.INVITATION_READ,
        Permission.AUDIT_READ,
    ],
    ids=str,
)
def test_an_observer_does_not_see_addresses(permission: Permission) -> None:
    assert not may(Role.OBSERVER, permission)


@pytest.mark.parametrize("permission", SCOPES[Scope.READ], ids=str)
def test_a_key_that_reads_may_only_read(permission: Permission) -> None:
    assert permission.value.endswith(".read")


def test_a_key_that_writes_may_what_watching_services_needs_and_no_more() -> None:
    assert {one.value for one in SCOPES[Scope.WRITE] - SCOPES[Scope.READ]} == {
        "service.write",
        "service.preview",
        "service.check_now",
        "recipient.write",
        "window.write",
        "status_page.edit",
    }


@pytest.mark.parametrize("scope", Scope, ids=str)
def test_no_key_governs_people_keys_or_the_workspace(scope: Scope) -> None:
    governed = ("member", "invitation", "key", "audit", "subscription")
    of_workspace = {one for one in SCOPES[scope] if one.value.startswith("workspace.")}

    assert {one for one in SCOPES[scope] if one.value.startswith(governed)} == set()
    assert of_workspace == {Permission.WORKSPACE_READ}
    assert not SCOPES[scope] & (WITHOUT_A_ROLE | OWNERS_ALONE)


@pytest.mark.parametrize("role", Role, ids=str)
@pytest.mark.parametrize("scope", Scope, ids=str)
def test_a_key_may_never_more_than_its_maker(scope: Scope, role: Role) -> None:
    granted = {one for one in Permission if key_may(scope, role, one)}

    assert granted == SCOPES[scope] & PERMISSIONS[role]


@pytest.mark.parametrize("role", Role, ids=str)
def test_where_owners_let_admins_invite_only_admins_may_more(role: Role) -> None:
    more = permissions_of(role, admins_may_invite=True) - PERMISSIONS[role]
    invites = {Permission.INVITATION_READ, Permission.INVITATION_WRITE}

    assert more == (invites if role is Role.ADMIN else set())
    assert permissions_of(role, admins_may_invite=False) == PERMISSIONS[role]
