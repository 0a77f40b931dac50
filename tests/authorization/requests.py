"""How each operation is asked so that nothing but a lack of rights can refuse it.

One line for each operation of the API document. A body must be good enough for its form: a field
that is wrong would be told before anybody looks at who asks.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import update

from allgreen.storage.sql.tables import accounts, workspaces
from tests.api import PASSWORD, service_form, setup_form
from tests.authorization.stage import TARGET, WINDOW, Stage

Given = Callable[[Stage], Awaitable[None]]
FIRST_VERSION = {"If-Match": '"1"'}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What is sent.

    Attributes:
        json: The body; ``{workspace_id}`` and the like in its texts are filled in.
        refusals: Codes of problems with which somebody who is let in may be answered, because
            what they ask for makes no sense for them, such as to verify an address twice.
        absent: What they may be told does not exist: a link that was made up, an offer to others.
        given: What is so before it is asked.
    """

    json: Any = None
    content: bytes | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    refusals: frozenset[str] = frozenset()
    absent: str = ""
    given: Given | None = None

    def parts(self, ids: Mapping[str, str]) -> dict[str, Any]:
        """Return what a client is given to send it."""
        parts: dict[str, Any] = {"headers": dict(self.headers), "params": _filled(self.params, ids)}
        if self.json is not None:
            parts["json"] = _filled(self.json, ids)
        if self.content is not None:
            parts["content"] = self.content
        return parts


def _filled(value: Any, ids: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return ids[value[1:-1]] if value[:1] == "{" else value
    if isinstance(value, Mapping):
        return {name: _filled(each, ids) for name, each in value.items()}
    return [_filled(each, ids) for each in value] if isinstance(value, list) else value


async def _stopping(stage: Stage) -> None:
    """Let streams of events end after their greeting."""
    stage.platform.stopping.set()


async def _unverified(stage: Stage) -> None:
    async with stage.platform.database.unit_of_work() as uow:
        await uow.connection.execute(update(accounts).values(email_verified_at=None))
        await uow.commit()


async def _deleted(stage: Stage) -> None:
    here = workspaces.c.id == stage.ids["workspace_id"]
    async with stage.platform.database.unit_of_work() as uow:
        await uow.connection.execute(
            update(workspaces).where(here).values(deleted_at=stage.clock.now())
        )
        await uow.commit()


INVALID = frozenset({"invalid"})
LOOK = Ask()

REQUESTS: Mapping[str, Ask] = {
    # setup, operation
    "get_instance": LOOK,
    "set_up": Ask(json=setup_form(token="made up"), absent="page"),
    "get_health": Ask(refusals=frozenset({"unavailable"})),
    # accounts
    "register": Ask(json={"name": "Nia", "email": "nia@example.org", "password": PASSWORD}),
    "log_in": Ask(json={"email": "owner@example.com", "password": PASSWORD}),
    "log_out": LOOK,
    "get_me": LOOK,
    "verify_email": Ask(json={"token": "made up"}, absent="link"),
    "resend_verification": Ask(given=_unverified),
    "prove_session": Ask(json={"password": PASSWORD}),
    "forget_password": Ask(json={"email": "owner@example.com"}),
    "reset_password": Ask(json={"token": "made up", "password": PASSWORD}, absent="link"),
    "get_account": LOOK,
    "delete_account": Ask(json={"password": PASSWORD}, refusals=INVALID),
    "edit_account": Ask(json={"name": "Nia"}),
    "list_sessions": LOOK,
    "end_session": LOOK,
    "end_other_sessions": LOOK,
    "change_password": Ask(
        json={"current_password": PASSWORD, "new_password": "eight loud herons wade"}
    ),
    "ask_for_email": Ask(json={"email": "nia@example.org"}),
    "drop_email": LOOK,
    "begin_two_factor": LOOK,
    "remove_two_factor": LOOK,
    "confirm_two_factor": Ask(json={"code": "000000"}, refusals=INVALID),
    "renew_recovery_codes": Ask(refusals=INVALID),
    "list_events": LOOK,
    "export_account": LOOK,
    # dashboard
    "get_dashboard": LOOK,
    # workspaces
    "create_workspace": Ask(json={"name": "One more"}),
    "list_deleted_workspaces": LOOK,
    "get_workspace": LOOK,
    "edit_workspace": Ask(json={"name": "Other"}),
    "export_workspace": LOOK,
    "delete_workspace": Ask(json={"name": "Owner's workspace"}),
    "restore_workspace": Ask(given=_deleted),
    "offer_workspace": Ask(json={"account_id": "{account_id}"}),
    "withdraw_offer": LOOK,
    "accept_offer": Ask(absent="offer"),
    "decline_offer": Ask(absent="offer"),
    "list_people": LOOK,
    # instance
    "list_accounts": LOOK,
    "disable_account": LOOK,
    "enable_account": LOOK,
    "end_sessions_of_account": LOOK,
    "revoke_keys_of_account": LOOK,
    "reset_two_factor": LOOK,
    # members
    "list_members": LOOK,
    "edit_member": Ask(json={"role": "admin"}),
    "remove_member": LOOK,
    "leave_workspace": LOOK,
    # invitations
    "list_invitations": LOOK,
    "invite": Ask(json={"email": "nia@example.org", "role": "observer"}),
    "resend_invitation": LOOK,
    "revoke_invitation": LOOK,
    "look_at_invitation": Ask(json={"token": "made up"}, absent="invitation"),
    "accept_invitation": Ask(json={"token": "made up"}, absent="invitation"),
    "decline_invitation": Ask(json={"token": "made up"}, absent="invitation"),
    "list_own_invitations": LOOK,
    "accept_own_invitation": Ask(absent="invitation"),
    "decline_own_invitation": Ask(absent="invitation"),
    # history
    "list_audit": LOOK,
    # services
    "list_services": LOOK,
    "create_service": Ask(json=service_form(TARGET)),
    "preview_check": Ask(json={"url": TARGET}),
    "get_service": LOOK,
    "edit_service": Ask(json={"name": "Other"}, headers=FIRST_VERSION),
    "delete_service": LOOK,
    "pause_service": LOOK,
    "resume_service": LOOK,
    "check_now": LOOK,
    "get_figures": LOOK,
    "list_results": LOOK,
    # incidents
    "list_incidents": LOOK,
    "list_service_incidents": LOOK,
    "get_incident": LOOK,
    # recipients
    "list_deliveries": LOOK,
    "get_subscription": LOOK,
    "subscribe": LOOK,
    "unsubscribe": LOOK,
    # maintenance
    "list_windows": LOOK,
    "plan_window": Ask(json=WINDOW),
    "edit_window": Ask(json={"name": "Other"}, headers=FIRST_VERSION),
    "cancel_window": Ask(headers=FIRST_VERSION),
    "end_window": Ask(headers=FIRST_VERSION, refusals=INVALID),
    # keys
    "list_keys": LOOK,
    "make_key": Ask(json={"name": "Deploys", "scope": "read"}),
    "revoke_key": LOOK,
    # live
    "watch_events": Ask(params={"workspace": "{workspace_id}"}, given=_stopping),
    # profiles
    "get_own_profile": LOOK,
    "save_profile": Ask(json={"name": "Nia"}),
    "save_photo": Ask(
        content=b"no picture", headers={"content-type": "image/png"}, refusals=INVALID
    ),
    "remove_photo": LOOK,
    "get_profile": LOOK,
    "get_photo": LOOK,
    "get_small_photo": LOOK,
    # github, which is not set up there, and connected to nobody
    "connect_github": Ask(absent="provider"),
    "disconnect_github": Ask(absent="identity"),
    # status pages
    "get_status_page": LOOK,
    "preview_status_page": LOOK,
    "get_public_status": LOOK,
    "edit_status_page": Ask(json={"title": "Other"}, headers=FIRST_VERSION),
}
