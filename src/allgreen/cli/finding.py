"""What `allgreen check` finds, and how it is said to people and to scripts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from allgreen.cli.exits import CheckExit
from allgreen.health.redaction import redact


class Standing(StrEnum):
    """How something is, as far as that can be said."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"
    UNKNOWN = "unknown"

    @property
    def exit(self) -> CheckExit:
        """Return how the command ends."""
        return _EXITS[self]


_EXITS: Final = {
    Standing.HEALTHY: CheckExit.HEALTHY,
    Standing.DEGRADED: CheckExit.HEALTHY,
    Standing.UNHEALTHY: CheckExit.UNHEALTHY,
    Standing.UNKNOWN: CheckExit.UNKNOWN,
}
_FIRST_WORDS: Final = {
    Standing.HEALTHY: "ok",
    Standing.DEGRADED: "degraded",
    Standing.UNHEALTHY: "fail",
    Standing.UNKNOWN: "unknown",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was found where somebody looked.

    Attributes:
        source: Where that was: a path or an address.
        message: What was found there, as a clause after the source.
        facts: What else scripts may want; values are representable in JSON.
    """

    standing: Standing
    source: str
    message: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    def as_text(self) -> str:
        """Return one line for people; its first word says it all."""
        return f"{_FIRST_WORDS[self.standing]}: {self._sentence}"

    def as_json(self) -> str:
        """Return an object of JSON."""
        told = {"status": self.standing.value, "summary": self._sentence, **self.facts}
        return json.dumps(told)

    @property
    def _sentence(self) -> str:
        return " ".join(redact(f"{self.source} {self.message.rstrip('.')}.").split())
