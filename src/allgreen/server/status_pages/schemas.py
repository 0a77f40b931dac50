"""The page of a workspace, as its members set it up."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from allgreen.server.auth.schemas import NameText
from allgreen.server.status_pages.slugs import read_slug
from allgreen.server.wire import Input

MOST_SERVICES: Final = 500
LONGEST_ABOUT: Final = 4000
LONGEST_ADDRESS: Final = 300


def clean_about(text: str) -> str:
    """Return a text without control characters and direction marks, but with its lines.

    Raises:
        ValueError: It is too long.
    """
    if len(text) > LONGEST_ABOUT:
        raise ValueError(f"Use at most {LONGEST_ABOUT} characters.")
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in lines if c in "\n\t" or not _is_invisible(c)).strip()


def clean_website(text: str) -> str:
    """Return an address that a link may lead to; nothing when it is empty.

    Raises:
        ValueError: It is not an https address of a public shape.
    """
    address = text.strip()
    if not address:
        return ""
    sentence = "Write an address that begins with https://, such as https://nordlys.example."
    if len(address) > LONGEST_ADDRESS:
        raise ValueError(f"Use at most {LONGEST_ADDRESS} characters.")
    if any(c.isspace() or c in '\\"<>' or _is_invisible(c) for c in address):
        raise ValueError(sentence)
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        raise ValueError(sentence) from None
    if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc:
        raise ValueError(sentence)
    return address


def _is_invisible(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co")


class PageEdit(Input):
    """What to change; parts that are absent stay as they are.

    Attributes:
        service_ids: Which services are shown, in this order; null for all of the workspace.
    """

    slug: Annotated[str, AfterValidator(read_slug)] | None = None
    is_published: bool | None = None
    title: NameText | None = None
    about: Annotated[str, AfterValidator(clean_about)] | None = None
    website: Annotated[str, AfterValidator(clean_website)] | None = None
    shows_latency: bool | None = None
    service_ids: (
        Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=MOST_SERVICES)]
        | None
    ) = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusPage:
    """The public page of a workspace.

    Attributes:
        slug: Its name in addresses; null until one was chosen.
        suggested_slug: A free name, while there is none.
        address: Where it stands, or will stand once it is published.
        about: Markdown: paragraphs, lists, quotes, code, emphasis and links.
        service_ids: Which services are shown, in this order; null for all of the workspace.
        published_at: Since when everybody sees it; null while nobody does.
    """

    slug: str | None
    suggested_slug: str | None
    address: str | None
    is_published: bool
    title: str
    about: str
    website: str
    shows_latency: bool
    service_ids: list[str] | None
    version: int
    published_at: datetime | None
