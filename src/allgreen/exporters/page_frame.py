"""The frame of the page: what is the same for every report, but for the colour of the mark."""

from __future__ import annotations

from typing import Final

from allgreen.domain.status import HealthStatus
from allgreen.exporters.page_style import STYLE


def render_head(title: str, status: HealthStatus) -> str:
    """Return everything before the content of the page, with the glyphs that it uses.

    Args:
        title: As HTML.
        status: Colours the icon.
    """
    return f"{_HEAD}<title>{title}</title>\n{_ICONS[status]}{_GLYPHS}"


def render_mark(status: HealthStatus) -> str:
    """Return the mark: four bars, and a fifth in the colour of the status."""
    return _MARKS[status]


_HEAD: Final = f"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<style>{STYLE}</style>
"""
_BARS: Final = (
    "<rect y='11' width='3.6' height='9' rx='1.8'/>"
    "<rect x='5.6' y='5' width='3.6' height='15' rx='1.8'/>"
    "<rect x='11.2' width='3.6' height='20' rx='1.8'/>"
    "<rect x='16.8' y='3' width='3.6' height='17' rx='1.8'/>"
)
_LAST_BAR: Final = "<rect x='22.4' y='8' width='3.6' height='12' rx='1.8' fill='{colour}'/>"

# On the slab, which is dark in both themes; and in the tab of a browser, which may be either.
_COLOURS: Final = {
    HealthStatus.HEALTHY: ("#5ED0A1", "#37AF82"),
    HealthStatus.DEGRADED: ("#F98F30", "#ED7B0B"),
    HealthStatus.UNHEALTHY: ("#E44045", "#C71626"),
}


def _draw_mark(colour: str) -> str:
    last = _LAST_BAR.format(colour=colour)
    return f"<svg viewBox='0 0 26 20' aria-hidden='true'><g fill='#F0EEE9'>{_BARS}</g>{last}</svg>"


def _draw_icon(colour: str) -> str:
    last = _LAST_BAR.format(colour=colour)
    drawing = (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 26 20'>"
        f"<g fill='#707771'>{_BARS}</g>{last}</svg>"
    )
    for char, escape in (("#", "%23"), ("<", "%3C"), (">", "%3E")):
        drawing = drawing.replace(char, escape)
    return f'<link rel="icon" href="data:image/svg+xml,{drawing}">\n'


_MARKS: Final = {status: _draw_mark(colours[0]) for status, colours in _COLOURS.items()}
_ICONS: Final = {status: _draw_icon(colours[1]) for status, colours in _COLOURS.items()}
_GLYPHS: Final = """\
</head>
<body>
<svg class="h" width="0" height="0" aria-hidden="true"><defs>
<symbol id="u" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="currentColor"/>\
<path class="k" d="M5 8.3l2.1 2.1 3.9-4.6"/></symbol>
<symbol id="x" viewBox="0 0 16 16"><path fill="currentColor" stroke="currentColor" \
stroke-linejoin="round" d="M5.2 1h5.6l4.2 4.2v5.6L10.8 15H5.2L1 10.8V5.2z"/>\
<path class="k" d="M5.7 5.7l4.6 4.6M10.3 5.7l-4.6 4.6"/></symbol>
<symbol id="p" viewBox="0 0 16 16"><path fill="currentColor" stroke="currentColor" \
stroke-width="2" stroke-linejoin="round" d="M8 2.2l6.2 11.3H1.8z"/>\
<path class="k" d="M8 6v3.4M8 11.8v.01"/></symbol>
<symbol id="n" viewBox="0 0 16 16"><circle cx="8" cy="8" r="6.2" fill="none" \
stroke="currentColor" stroke-width="1.7" stroke-dasharray="2.6 2.27"/></symbol>
</defs></svg>
"""
