"""Letters that are not about an outage: to who looks after things, and to who is asked something."""

from collections.abc import Mapping
from typing import Final

from allgreen.domain.notice import NoticeKind
from allgreen.notifiers import wording
from allgreen.notifiers.stationery import (
    Letter,
    LetterLinks,
    Told,
    Writer,
    sentence,
    to_admins,
    without_stop,
)
from allgreen.notifiers.wording import plain


def _blocked(told: Told, links: LetterLinks) -> Letter:
    why = sentence(told.facts.message or told.facts.reason) or "Its address is not allowed."
    letter = Letter(
        subject=f"{told.service} cannot be checked",
        preview=why,
        tone="quiet",
        glyph="!",
        status=f"Blocked since {told.at(told.facts.began_at)}",
        headline=f"{told.service} cannot be checked.",
        paragraphs=(
            f"{why} Until its address changes, nobody can tell whether it holds.",
            "If the address is right, whoever runs this Allgreen can allow it.",
        ),
        rows=told.rows(("Request", told.facts.request, True)),
    )
    return to_admins(letter, told, links)


def _parked(told: Told, links: LetterLinks) -> Letter:
    why = sentence(told.facts.message) or "Allgreen cannot tell how it is."
    letter = Letter(
        subject=f"What is known of {told.service} is on hold",
        preview=why,
        tone="quiet",
        glyph="!",
        status=f"On hold since {told.at(told.facts.began_at)}",
        headline=f"What is known of {told.service} is on hold.",
        paragraphs=(
            f"{why} Until that works, nobody is told whether it holds.",
            (
                "It is tried again every few minutes. If it lasts, change the check, or ask whoever "
                "runs this Allgreen to look into the log."
            ),
        ),
        rows=told.rows(),
    )
    return to_admins(letter, told, links)


def _undelivered(told: Told, links: LetterLinks) -> Letter:
    address = plain(told.facts.address) or "somebody"
    count = told.facts.incidents
    about = f"about {count} incidents" if count > 1 else f"about {told.service}"
    why = without_stop(sentence(told.facts.reason)) or "The mail server never takes it"
    letter = Letter(
        subject=f"A mail to {address} was given up",
        preview=f"It was {about}. {why}.",
        tone="quiet",
        glyph="!",
        status=f"Given up at {told.at(None)}",
        headline=f"A mail to {address} was given up.",
        paragraphs=(
            f"It was {about}, and nobody reads it there. {why}.",
            "Correct the address, or take it off the list: until then nobody there is told.",
        ),
        rows=told.rows(("Address", address, True)),
    )
    return to_admins(letter, told, links)


def _offline(told: Told, links: LetterLinks) -> Letter:
    if told.facts.ended_at is None:
        return _still_offline(told, links)
    from_to = told.from_to(told.facts.began_at, told.facts.ended_at)
    lasted = wording.duration(told.facts.duration) if told.facts.duration else ""
    reason = plain(told.facts.reason)
    because = f", because {reason}" if reason else ""
    return Letter(
        subject=f"Allgreen checked nothing {from_to}",
        preview=f"Nothing was checked{because}. It goes on again.",
        tone="quiet",
        glyph="!",
        status=f"Back since {told.at(told.facts.ended_at)}",
        headline="Allgreen checked nothing for a while.",
        paragraphs=(
            f"Nothing was checked {from_to}{f' ({lasted})' if lasted else ''}{because}.",
            (
                "Nobody was told of services meanwhile, and that time counts neither as up nor as "
                "down. Everything was checked again at once; what fails now is told as always."
            ),
            *told.lateness(),
        ),
        button="Open Allgreen",
        button_url=links.open,
        why=f"You get this because you run {told.host or 'this Allgreen'}.",
    )


def _still_offline(told: Told, links: LetterLinks) -> Letter:
    since, so_far = told.at(told.facts.began_at), told.from_to(told.facts.began_at, None)
    return Letter(
        subject=f"Allgreen checks nothing since {since}",
        preview="Its own network seems to be down.",
        tone="quiet",
        glyph="!",
        status=f"Offline since {since}",
        headline="Allgreen checks nothing.",
        paragraphs=(
            (
                f"Nothing was checked {so_far}: two or more canaries are silent, so its own network "
                "seems to be down. Nobody is told of services until they answer."
            ),
            (
                "If this mail came at once, the network works. Then look at ALLGREEN_CANARIES: "
                "places that are gone for good must be replaced."
            ),
            "No other mail about this follows. The page says when services are checked again.",
            *told.lateness(),
        ),
        button="Open Allgreen",
        button_url=links.open,
        why=f"You get this because you run {told.host or 'this Allgreen'}.",
    )


def _disk_full(told: Told, links: LetterLinks) -> Letter:
    return Letter(
        subject="The disk of Allgreen is full",
        preview="Checks and messages go on for now; nothing can be changed.",
        tone="quiet",
        glyph="!",
        status=f"Full since {told.at(told.facts.began_at)}",
        headline="The disk of Allgreen is full.",
        paragraphs=(
            (
                "Checks and messages go on, from room that was kept back for this. It does not "
                "last for ever. Single results are not kept, and nobody can change anything."
            ),
            (
                "Make room on the disk of the database. Nothing needs to be started again; the log "
                "says how much is needed, and when all is as it was."
            ),
            *told.lateness(),
        ),
        button="Open Allgreen",
        button_url=links.open,
        why=f"You get this because you run {told.host or 'this Allgreen'}.",
    )


def _confirm_recipient(told: Told, links: LetterLinks) -> Letter:
    service = wording.unlinked(told.service)
    workspace = wording.unlinked(told.workspace) or "A workspace"
    return Letter(
        subject=f"Be told about {service}?",
        preview=f"{workspace} asks whether this address wants to know when it is down.",
        tone="quiet",
        glyph="?",
        status="One question",
        headline=f"Be told about {service}?",
        paragraphs=(
            f"{workspace} watches {service} and would like to tell you when it is down.",
            "If you did not expect this, do nothing: without your yes, nothing is sent to you.",
        ),
        button="Yes, tell me",
        button_url=links.act,
        why=f"You get this once, because {workspace} entered your address at {told.host}.",
        leave="Never ask again",
        leave_url=links.leave,
    )


def _verify_email(told: Told, links: LetterLinks) -> Letter:
    return Letter(
        subject="Is this your address?",
        preview=f"Somebody registered at {told.host} with it.",
        tone="quiet",
        glyph="?",
        status="One question",
        headline="Is this your address?",
        paragraphs=(
            (
                f"Somebody registered at {told.host} with it. If it was you, say so; have the "
                "password at hand that you chose there."
            ),
            "If it was not you, do nothing: nobody can use your address without your yes.",
        ),
        button="Yes, it is mine",
        button_url=links.act,
        why=f"You get this because your address was entered at {told.host}.",
    )


WRITERS: Final[Mapping[NoticeKind, Writer]] = {
    NoticeKind.BLOCKED: _blocked,
    NoticeKind.PARKED: _parked,
    NoticeKind.UNDELIVERED: _undelivered,
    NoticeKind.OFFLINE: _offline,
    NoticeKind.DISK_FULL: _disk_full,
    NoticeKind.CONFIRM_RECIPIENT: _confirm_recipient,
    NoticeKind.VERIFY_EMAIL: _verify_email,
}
