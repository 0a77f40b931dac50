"""Who is signed in, as text; and the fields of people that several forms ask for."""

import unicodedata
from dataclasses import dataclass
from typing import Annotated

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator

from allgreen.domain.policy import Role
from allgreen.domain.profile import Theme
from allgreen.domain.status import ServiceHealth


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceSummary:
    """A workspace of the one who asks; `may` lists what the role allows."""

    id: str
    name: str
    role: Role
    time_zone: str
    health: ServiceHealth
    may: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Me:
    """The account that is signed in.

    Attributes:
        photo: Path of it; `None` without one.
    """

    id: str
    name: str
    email: str
    email_verified: bool
    instance_admin: bool
    theme: Theme
    two_factor: bool
    photo: str | None
    workspaces: list[WorkspaceSummary]


def clean_name(text: str) -> str:
    """Return a name without odd blanks and invisible characters.

    Raises:
        ValueError: Nothing is left, or too much.
    """
    # Before it is looked at letter by letter: a megabyte of it would hold everybody else up.
    if len(text) > MAX_TEXT_LENGTH:
        raise ValueError(f"Use at most {MAX_NAME_LENGTH} characters.")
    # Direction marks and control characters could make a name look like another (Unicode TR 36).
    visible = "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co"))
    name = " ".join(unicodedata.normalize("NFC", visible).split())
    if not name:
        raise ValueError("Write a name.")
    if len(name) > MAX_NAME_LENGTH:
        raise ValueError(f"Use at most {MAX_NAME_LENGTH} characters.")
    return name


def clean_email(text: str) -> str:
    """Return an address the way it is compared: IDNA, lower case, nothing folded away.

    Raises:
        ValueError: It is not one address.
    """
    if len(text) > MAX_TEXT_LENGTH:
        raise ValueError(f"This address is longer than {MAX_EMAIL_LENGTH} characters.")
    try:
        # `test_environment` admits names such as .test, which a private network may well use.
        found = validate_email(text.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise ValueError("Write one address, such as ana@example.org.") from None
    address = (found.ascii_email or found.normalized).lower()
    if len(address) > MAX_EMAIL_LENGTH:
        raise ValueError(f"This address is longer than {MAX_EMAIL_LENGTH} characters.")
    return address


def check_password_length(text: str) -> str:
    """Return `text` as it is; it is neither cut nor changed.

    Raises:
        ValueError: It is too short or too long.
    """
    if not MIN_PASSWORD_LENGTH <= len(text) <= MAX_PASSWORD_LENGTH:
        raise ValueError(
            f"Use {MIN_PASSWORD_LENGTH} to {MAX_PASSWORD_LENGTH} characters; a few words are good."
        )
    return text


MAX_TEXT_LENGTH = 1000
MAX_NAME_LENGTH = 80
MAX_EMAIL_LENGTH = 254
MIN_PASSWORD_LENGTH = 12
MAX_PASSWORD_LENGTH = 128

NameText = Annotated[str, AfterValidator(clean_name)]
EmailText = Annotated[str, AfterValidator(clean_email)]
PasswordText = Annotated[str, AfterValidator(check_password_length)]
