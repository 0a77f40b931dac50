"""Keys, as they are made and listed; none can be read again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field

from allgreen.domain.policy import Scope
from allgreen.server.auth.schemas import NameText
from allgreen.server.wire import Input


class KeyInput(Input):
    """A new key: what it is for, what it may do, and for how long."""

    name: NameText
    scope: Scope
    expires_in_days: Annotated[int, Field(ge=1, le=3650)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """The member who made a key."""

    account_id: str
    name: str
    you: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key, without the key.

    Attributes:
        hint: Its last letters, to tell keys apart.
        last_used_at: To the hour.
    """

    id: str
    name: str
    hint: str
    scope: Scope
    maker: Maker
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey(ApiKey):
    """A key that was just made; `key` is told this once."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeys:
    """Keys, newest first."""

    items: list[ApiKey]
