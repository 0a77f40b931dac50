"""What the first run asks, and what this installation offers."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from allgreen.server.auth.schemas import EmailText, NameText, PasswordText
from allgreen.server.settings import Registration
from allgreen.server.wire import Input


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """What a page must know before anybody signs in.

    Attributes:
        mail: Whether messages go out by mail; else they are kept and shown to the owner.
    """

    version: str
    needs_setup: bool
    registration: Registration
    github: bool
    mail: bool
    min_interval_s: float
    public_url: str


class SetUpInput(Input):
    """The first account, and the token that the console printed."""

    token: Annotated[str, Field(max_length=200)]
    name: NameText
    surname: NameText | None = None
    email: EmailText
    password: PasswordText
    workspace_name: NameText
