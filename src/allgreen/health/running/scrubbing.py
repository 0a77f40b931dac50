"""Scrubbing: what a program itself wants to have removed from what is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from allgreen.domain.report import CheckResult
from allgreen.health.redaction import Scrubber, redact

_MOST = 16_000


def scrub(result: CheckResult, scrubbers: tuple[Scrubber, ...]) -> CheckResult:
    """Return a result with its texts cleared by scrubbers too."""
    if not scrubbers:
        return result

    def clear(text: str | None) -> Any:
        return text and redact(text, limit=_MOST, extra=scrubbers)

    def clear_value(value: object) -> Any:
        if isinstance(value, str):
            return clear(value)
        if isinstance(value, Mapping):
            return {clear(key): clear_value(one) for key, one in value.items()}
        return [clear_value(one) for one in value] if isinstance(value, list) else value

    evidence = result.evidence
    if evidence is not None:
        evidence = replace(
            evidence,
            expected=clear(evidence.expected),
            actual=clear(evidence.actual),
            where=clear(evidence.where),
            traceback=clear(evidence.traceback),
        )
    return result._replace(
        message=clear(result.message),
        evidence=evidence,
        metadata=clear_value(result.metadata) if result.metadata else result.metadata,
        note=clear(result.note),
    )
