"""Letters about accounts and workspaces: what people asked for, and what others did."""

from collections.abc import Mapping
from typing import Final

from allgreen.domain.notice import NoticeKind
from allgreen.notifiers import wording
from allgreen.notifiers.stationery import Letter, LetterLinks, Told, Writer, sentence
from allgreen.notifiers.wording import LONGEST_NAME, plain


def _reset_password(told: Told, links: LetterLinks) -> Letter:
    return Letter(
        subject="Set a new password",
        preview=f"Somebody asked for it at {told.host}.",
        tone="quiet",
        glyph="?",
        status="One question",
        headline="Set a new password?",
        paragraphs=(
            (
                f"Somebody asked for a new password at {told.host}. If it was you, the button leads on "
                "for half an hour."
            ),
            "If it was not you, do nothing: your password stays as it is.",
        ),
        button="Set a new password",
        button_url=links.act,
        why=f"You get this because your address was entered at {told.host}.",
    )


def _change_email(told: Told, links: LetterLinks) -> Letter:
    return Letter(
        subject="Is this your new address?",
        preview=f"Somebody wants to use it at {told.host}.",
        tone="quiet",
        glyph="?",
        status="One question",
        headline="Is this your new address?",
        paragraphs=(
            f"An account at {told.host} is to use this address from now on. If it is yours, say so.",
            "If it is not, do nothing: nobody can use your address without your yes.",
        ),
        button="Yes, it is mine",
        button_url=links.act,
        why=f"You get this because your address was entered at {told.host}.",
    )


def _account_changed(told: Told, links: LetterLinks) -> Letter:
    change = plain(told.facts.change) or "something about your account was changed"
    return Letter(
        subject=f"At {told.host}: {change}",
        preview="If it was not you, set a new password at once.",
        tone="quiet",
        glyph="!",
        status=f"At {told.at(None)}",
        headline=sentence(change[:1].upper() + change[1:]),
        paragraphs=(
            "If it was you, there is nothing to do.",
            (
                "If it was not you, somebody else may know your password: set a new one at once, and "
                "end all sessions in your settings."
            ),
        ),
        button="Open Allgreen",
        button_url=links.open,
        why=f"You get this because you have an account at {told.host}.",
    )


def _invited(told: Told, links: LetterLinks) -> Letter:
    actor, workspace = _actor(told), wording.unlinked(told.workspace) or "a workspace"
    role = plain(told.facts.role) or "observer"
    return Letter(
        subject=f"{actor} invited you to {workspace}",
        preview=f"As an {role}. The link works for seven days.",
        tone="quiet",
        glyph="?",
        status="An invitation",
        headline=f"{actor} invited you to {workspace}.",
        paragraphs=(
            f"You would be an {role} there: {_ROLES.get(role, '')}",
            (
                "You do not need an account yet. The link works for seven days, and only for this "
                "address. If you did not expect it, do nothing."
            ),
        ),
        button="See the invitation",
        button_url=links.act,
        why=f"You get this because {actor} entered your address at {told.host}.",
    )


def _removed(told: Told, links: LetterLinks) -> Letter:
    workspace = wording.unlinked(told.workspace) or "a workspace"
    return Letter(
        subject=f"You are no longer a member of {workspace}",
        preview="You see it no more, and are not told of its services.",
        tone="quiet",
        glyph="!",
        status=f"Since {told.at(None)}",
        headline=f"You are no longer a member of {workspace}.",
        paragraphs=(
            (
                f"{_actor(told)} removed you. You see the workspace no more, and are not told of its "
                "services any more. Your account, and your other workspaces, stay as they are."
            ),
        ),
        button="Open Allgreen",
        button_url=links.open,
        why=f"You get this because you were a member of {workspace}.",
    )


def _role_changed(told: Told, links: LetterLinks) -> Letter:
    workspace = wording.unlinked(told.workspace) or "a workspace"
    role = plain(told.facts.role) or "observer"
    may = _ROLES.get(role, "")
    return Letter(
        subject=f"You are an {role} of {workspace} now",
        preview=may[:1].upper() + may[1:],
        tone="quiet",
        glyph="!",
        status=f"Since {told.at(None)}",
        headline=f"You are an {role} of {workspace} now.",
        paragraphs=(f"{_actor(told)} changed your role: {may}",),
        button="Open the workspace",
        button_url=links.open,
        why=f"You get this because you are a member of {workspace}.",
    )


def _offered(told: Told, links: LetterLinks) -> Letter:
    workspace = wording.unlinked(told.workspace) or "a workspace"
    return Letter(
        subject=f"Become the owner of {workspace}?",
        preview=f"{_actor(told)} offers it to you. The offer stands for seven days.",
        tone="quiet",
        glyph="?",
        status="An offer",
        headline=f"Become the owner of {workspace}?",
        paragraphs=(
            f"{_actor(told)} wants to hand {workspace} over to you, and would stay on as an admin.",
            "Open the workspace to accept or to decline. After seven days the offer is void.",
        ),
        button="Open the workspace",
        button_url=links.open,
        why=f"You get this because you are a member of {workspace}.",
    )


def _workspace_deleted(told: Told, links: LetterLinks) -> Letter:
    workspace = wording.unlinked(told.workspace) or "A workspace"
    until = told.at(told.facts.until)
    return Letter(
        subject=f"{workspace} was deleted",
        preview=f"It can be had back until {until}.",
        tone="quiet",
        glyph="!",
        status=f"Since {told.at(None)}",
        headline=f"{workspace} was deleted.",
        paragraphs=(
            f"{_actor(told)} deleted it. Its services are not checked, and nobody is told of them.",
            f"Until {until} an owner can have it back, with everything in it. Then it is gone.",
        ),
        button="Open Allgreen",
        button_url=links.open,
        why=f"You get this because you are an owner of {workspace}.",
    )


def _recipient_lost(told: Told, links: LetterLinks) -> Letter:
    # A name that people gave themselves; see `catalog.taken_off` and `auth.endings`.
    name = wording.unlinked(plain(told.facts.address, longest=LONGEST_NAME)) or "Somebody"
    why = sentence(told.facts.reason) or "They were taken off the list."
    return Letter(
        subject=f"{name} is not told of {told.service} any more",
        preview=why,
        tone="quiet",
        glyph="!",
        status=f"Since {told.at(None)}",
        headline=f"{name} is not told of {told.service} any more.",
        paragraphs=(why, "If somebody else is to know when it is down, put them on the list."),
        rows=told.rows(("Person", name, False)),
        button="Open the service",
        button_url=links.open,
        why=f"You get this because you are an owner of {told.workspace or 'its workspace'}.",
    )


def _key_made(told: Told, links: LetterLinks) -> Letter:
    workspace, actor = wording.unlinked(told.workspace) or "a workspace", _actor(told)
    return Letter(
        subject=f"A key opens {workspace} from now on",
        preview=f"{actor} made it, for programs that use the API.",
        tone="quiet",
        glyph="!",
        status=f"Since {told.at(None)}",
        headline=f"{actor} made a key for {workspace}.",
        paragraphs=(
            "A program that shows it can do what its maker may do here, within its scope.",
            "If nobody should have made it, revoke it in the settings of the workspace.",
        ),
        rows=told.rows(("Key", wording.unlinked(plain(told.facts.change)), False)),
        button="Open the workspace",
        button_url=links.open,
        why=f"You get this because you are an owner of {workspace}.",
    )


def _actor(told: Told) -> str:
    return wording.unlinked(plain(told.facts.actor, longest=LONGEST_NAME)) or "Somebody"


_ROLES: Final[Mapping[str, str]] = {
    "observer": "you see every service, its latency and its events, and change nothing.",
    "admin": "you create, edit, pause and delete services, and say who is told.",
    "owner": "you do everything, with members, the public page and deleting the workspace.",
}


WRITERS: Final[Mapping[NoticeKind, Writer]] = {
    NoticeKind.RESET_PASSWORD: _reset_password,
    NoticeKind.CHANGE_EMAIL: _change_email,
    NoticeKind.ACCOUNT_CHANGED: _account_changed,
    NoticeKind.INVITED: _invited,
    NoticeKind.REMOVED: _removed,
    NoticeKind.ROLE_CHANGED: _role_changed,
    NoticeKind.OFFERED: _offered,
    NoticeKind.WORKSPACE_DELETED: _workspace_deleted,
    NoticeKind.RECIPIENT_LOST: _recipient_lost,
    NoticeKind.KEY_MADE: _key_made,
}
