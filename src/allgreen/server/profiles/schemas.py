"""What a profile says, and what is sent to change it."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated

from pydantic import AfterValidator

from allgreen.domain.profile import Visibility
from allgreen.server.auth.schemas import NameText
from allgreen.server.profiles.texts import (
    GITHUB,
    LINKEDIN,
    clean_bio,
    clean_line,
    clean_name_at,
    clean_website,
)
from allgreen.server.wire import Input

LineText = Annotated[str, AfterValidator(clean_line)]


class ProfileInput(Input):
    """The whole profile; what is left out becomes empty."""

    name: NameText
    surname: LineText = ""
    pronouns: LineText = ""
    city: LineText = ""
    bio: Annotated[str, AfterValidator(clean_bio)] = ""
    github: Annotated[str, AfterValidator(partial(clean_name_at, GITHUB))] = ""
    linkedin: Annotated[str, AfterValidator(partial(clean_name_at, LINKEDIN))] = ""
    website: Annotated[str, AfterValidator(clean_website)] = ""
    visibility: Visibility = Visibility.WORKSPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What people see of somebody.

    Attributes:
        github: Name there, as `linkedin` is.
        photo: Path of the photo; ``/small`` behind it is a quarter as wide.
    """

    id: str
    name: str
    surname: str
    pronouns: str
    city: str
    bio: str
    github: str
    linkedin: str
    website: str
    photo: str | None

    @property
    def full_name(self) -> str:
        """Return name and surname."""
        return f"{self.name} {self.surname}".strip()

    @property
    def initials(self) -> str:
        """Return what stands where a photo would be."""
        words = self.full_name.split()
        return "".join(word[0] for word in (words[0], *words[1:][-1:])).upper()


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnProfile(Profile):
    """One's own profile; `page` is where those see it who may."""

    visibility: Visibility
    page: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPhoto:
    """Where the new photo is."""

    photo: str
