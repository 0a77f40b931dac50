"""Who may do what."""

import pytest

from allgreen.domain.policy import Permission, Role, may

WITHOUT_A_ROLE = {
    Permission.PUBLIC,
    Permission.TOKEN,
    Permission.METRICS,
    Permission.SIGNED_IN,
}


@pytest.mark.parametrize("permission", set(Permission) - WITHOUT_A_ROLE, ids=str)
def test_an_owner_may_do_everything_in_a_workspace(permission: Permission) -> None:
    assert may(Role.OWNER, permission)


@pytest.mark.parametrize("permission", WITHOUT_A_ROLE, ids=str)
def test_what_needs_no_membership_is_granted_to_no_role(permission: Permission) -> None:
    assert not any(may(role, permission) for role in Role)


def test_an_admin_may_do_all_but_change_the_workspace() -> None:
    assert {one for one in Permission if may(Role.OWNER, one) and not may(Role.ADMIN, one)} == {
        Permission.WORKSPACE_WRITE
    }


@pytest.mark.parametrize("permission", Permission, ids=str)
def test_an_observer_may_only_read(permission: Permission) -> None:
    if may(Role.OBSERVER, permission):
        assert permission.value.endswith(".read")


@pytest.mark.parametrize("permission", [Permission.RECIPIENT_READ, Permission.DELIVERY_READ])
def test_an_observer_does_not_see_addresses(permission: Permission) -> None:
    assert not may(Role.OBSERVER, permission)
