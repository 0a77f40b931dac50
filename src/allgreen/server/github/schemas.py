"""Where a browser is sent to connect GitHub."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AtGitHub:
    """The page of GitHub that asks whether it may tell us who somebody is."""

    url: str
