"""Rendering: the format that somebody wants; each is imported when it is asked for first."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from allgreen.domain.report import Detail, Report
from allgreen.domain.status import HealthStatus
from allgreen.exporters.negotiation import Format
from allgreen.health.runs import Tally


def render(
    report: Report,
    wanted: Format,
    detail: Detail,
    *,
    http_status: int,
    tally: Tally | None = None,
) -> bytes:
    """Return a report in a format, with as much of it as may be seen.

    Args:
        report: What the checks said.
        wanted: The format.
        detail: How much of the report may be seen.
        http_status: The status code that it is sent with; the page shows it.
        tally: How many runs of each check ended how; metrics count them.
    """
    if detail is Detail.NONE and wanted is Format.JSON:
        return _BARE[report.status]  # what every probe asks for
    if wanted.is_metrics:
        return _render_metrics(report, detail, wanted, tally)
    return _RENDERERS[wanted](report, detail, http_status)


def policy_of(wanted: Format) -> str:
    """Return the ``Content-Security-Policy`` of a format: nothing is loaded, and nothing is run."""
    if wanted is not Format.HTML:
        return f"default-src 'none'; {_UNFRAMED}"
    from allgreen.exporters.html import CONTENT_SECURITY_POLICY  # noqa: PLC0415 - see above

    return f"{CONTENT_SECURITY_POLICY}; {_UNFRAMED}"


def _render_json(report: Report, detail: Detail, _: int) -> bytes:
    from allgreen.exporters.json import render_json  # noqa: PLC0415 - see above

    return render_json(report, detail)


def _render_text(report: Report, detail: Detail, _: int) -> bytes:
    from allgreen.exporters.text import render_text  # noqa: PLC0415 - see above

    return render_text(report, detail)


def _render_html(report: Report, detail: Detail, http_status: int) -> bytes:
    from allgreen.exporters.html import render_html  # noqa: PLC0415 - see above

    can_refresh = detail is Detail.FULL
    return render_html(report, detail, http_status=http_status, can_refresh=can_refresh)


def _render_health(report: Report, detail: Detail, _: int) -> bytes:
    from allgreen.exporters.health_json import render_health_json  # noqa: PLC0415 - see above

    return render_health_json(report, detail)


def _render_metrics(report: Report, detail: Detail, wanted: Format, tally: Tally | None) -> bytes:
    from allgreen.exporters.prometheus import render_prometheus  # noqa: PLC0415 - see above

    # Each process of a server that forks has results of its own, and answers for itself.
    labels = {"pid": str(os.getpid())}
    return render_prometheus(
        report,
        detail,
        openmetrics=wanted is Format.OPENMETRICS,
        extra_labels=labels,
        runs=tally,
    )


def _render_spring(report: Report, detail: Detail, _: int) -> bytes:
    from allgreen.exporters.spring import render_spring  # noqa: PLC0415 - see above

    return render_spring(report, detail)


def _render_microprofile(report: Report, detail: Detail, _: int) -> bytes:
    from allgreen.exporters.microprofile import render_microprofile  # noqa: PLC0415 - see above

    return render_microprofile(report, detail)


_BARE: Final = {status: b'{"status":"%b"}' % status.encode() for status in HealthStatus}
_UNFRAMED: Final = "frame-ancestors 'none'"
_RENDERERS: Final[Mapping[Format, Callable[[Report, Detail, int], bytes]]] = MappingProxyType(
    {
        Format.JSON: _render_json,
        Format.TEXT: _render_text,
        Format.HTML: _render_html,
        Format.HEALTH: _render_health,
        Format.SPRING: _render_spring,
        Format.MICROPROFILE: _render_microprofile,
    }
)
