"""What people send to register and to sign in."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from allgreen.server.auth.schemas import EmailText, NameText, PasswordText
from allgreen.server.wire import Input


class RegisterInput(Input):
    """A new account."""

    name: NameText
    email: EmailText
    password: PasswordText


class LogInInput(Input):
    """Who signs in; `keep` makes the session outlive the browser."""

    email: Annotated[str, Field(max_length=500)]
    # Longer than any password may be, so that a wrong one is only ever told to be wrong.
    password: Annotated[str, Field(max_length=1000)]
    keep: bool = False


class VerifyEmailInput(Input):
    """The token of the link in the mail."""

    token: Annotated[str, Field(max_length=500)]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckYourMail:
    """The same answer whether or not the address was known."""

    status: Literal["check_your_mail"]
