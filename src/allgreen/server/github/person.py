"""Somebody at GitHub, apart from how GitHub is asked: that needs packages that take long to load."""

from dataclasses import dataclass
from typing import Final

NAME: Final = "github"
CALLBACK: Final = "/auth/github/callback"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who somebody is at GitHub.

    Attributes:
        subject: Number of the account there, which never changes hands; names do.
        login: Name there, for people to recognise it.
        name: As they call themselves; empty when they do not say.
        email: The primary address if GitHub has verified it, as `clean_email` writes it.
    """

    subject: str
    login: str
    name: str
    email: str | None
