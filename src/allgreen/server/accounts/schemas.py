"""What people send to register, to sign in and about their account, and what they see of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from allgreen.domain.profile import Theme
from allgreen.server.auth.schemas import EmailText, NameText, PasswordText
from allgreen.server.wire import Input

# Longer than any password may be, so that a wrong one is only ever told to be wrong.
TypedPassword = Annotated[str, Field(max_length=1000)]
TypedCode = Annotated[str, Field(max_length=100)]
TokenText = Annotated[str, Field(max_length=500)]


class RegisterInput(Input):
    """A new account; `invitation` is the token of the link by which somebody was invited."""

    name: NameText
    surname: NameText | None = None
    email: EmailText
    password: PasswordText
    invitation: TokenText | None = None


class LogInInput(Input):
    """Who signs in; `keep` makes the session outlive the browser.

    `code` is needed where a second factor is on: six digits, or a recovery code.
    """

    email: Annotated[str, Field(max_length=500)]
    password: TypedPassword
    code: TypedCode | None = None
    keep: bool = False


class ProofInput(Input):
    """Who is signed in shows once more that it is them."""

    password: TypedPassword | None = None
    code: TypedCode | None = None


class VerifyEmailInput(Input):
    """The token of the link in the mail, and the password with which the account was made.

    Without the password it is enough to be signed in to the account.
    """

    token: TokenText
    password: TypedPassword | None = None


class ForgotPasswordInput(Input):
    """Where the link is to be sent."""

    email: EmailText


class ResetPasswordInput(Input):
    """A new password, with the token of the link in the mail."""

    token: TokenText
    password: PasswordText


class ChangePasswordInput(Input):
    """A new password; the current one is left out by accounts that have none."""

    current_password: TypedPassword | None = None
    new_password: PasswordText


class ChangeEmailInput(Input):
    """The address that an account is to have."""

    email: EmailText


class AccountEdit(Input):
    """What is to change; what is left out stays."""

    name: NameText | None = None
    theme: Theme | None = None


class CodeInput(Input):
    """The six digits that an authenticator app shows."""

    code: TypedCode


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckYourMail:
    """The same answer whether or not the address was known."""

    status: Literal["check_your_mail"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """An account elsewhere by which somebody signs in; `login` is its name there."""

    provider: str
    login: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What somebody sees of their own account.

    Attributes:
        pending_email: The address that it is to have, once that is proven.
        two_factor_since: Since when signing in needs a second factor; `None` if it does not.
        recovery_codes_left: How many of them were not used yet.
    """

    id: str
    name: str
    email: str
    email_verified: bool
    pending_email: str | None
    has_password: bool
    two_factor_since: datetime | None
    recovery_codes_left: int
    theme: Theme
    identities: list[Identity]
    instance_admin: bool
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession:
    """Where somebody is signed in.

    Attributes:
        device: What the browser says it is.
        network: Address from which it was opened; of IPv6 the first half.
        current: Whether it is the one that asks.
    """

    id: str
    device: str
    network: str
    created_at: datetime
    last_seen_at: datetime
    current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """All sessions of an account, the one used last first."""

    items: list[OpenSession]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountEvent:
    """What happened to an account, and from where.

    Attributes:
        action: Stable word, such as ``session.opened``.
        summary: The same for people.
    """

    id: str
    at: datetime
    action: str
    summary: str
    device: str
    network: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountEventPage:
    """What happened to an account, newest first."""

    items: list[AccountEvent]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSecondFactor:
    """The secret of an authenticator app, shown once; it holds from its confirmation on.

    Attributes:
        secret: In base 32, to type.
        uri: The same as an ``otpauth://`` address, for an app on this device.
        qr: The same as a picture to scan: an SVG as a ``data:`` address.
    """

    secret: str
    uri: str
    qr: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryCodes:
    """Codes for the day on which the device is lost; each works once, and none is shown again."""

    codes: list[str]
