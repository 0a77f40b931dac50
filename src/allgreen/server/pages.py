"""Pages that the server renders: they are complete without JavaScript."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse


def render_page(template: str, *, status: int = 200, **values: object) -> HTMLResponse:
    """Render one of our templates; every value is escaped."""
    return HTMLResponse(draw_page(template, **values), status)


def draw_page(template: str, **values: object) -> bytes:
    """Render one of our templates into UTF-8; every value is escaped."""
    return _environment().get_template(template).render(values).encode()


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("allgreen.server", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def read_stylesheet() -> bytes:
    """Return the style of these pages."""
    return (files("allgreen.server") / "templates" / "pages.css").read_bytes()


@dataclass(frozen=True, slots=True)
class Stylesheet:
    """A style whose address changes with it, so that it may be kept for ever."""

    path: str
    body: bytes


_PUBLIC: Final = ("tokens.css", "public.css", "landing.css")


def _read_public_stylesheet() -> Stylesheet:
    folder = files("allgreen.server") / "templates"
    body = b"".join((folder / name).read_bytes() for name in _PUBLIC)
    return Stylesheet(f"/public-{hashlib.sha256(body).hexdigest()[:12]}.css", body)


PUBLIC_STYLESHEET: Final = _read_public_stylesheet()
"""The style of pages for everybody: the status page and the front page."""
