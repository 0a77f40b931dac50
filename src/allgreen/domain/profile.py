"""Profile: what an account tells of itself, and to whom."""

from enum import StrEnum


class Visibility(StrEnum):
    """Who sees a profile, from most to fewest."""

    PUBLIC = "public"
    """Anybody who has the link."""
    SIGNED_IN = "signed_in"
    """Anybody with an account."""
    WORKSPACE = "workspace"
    """Who shares a workspace with them at this moment."""


class Theme(StrEnum):
    """How the screens look; it is kept with the account."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"
