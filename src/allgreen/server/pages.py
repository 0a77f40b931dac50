"""Small pages that the server renders: what links in mails open. They need no JavaScript."""

from functools import lru_cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse


def render_page(template: str, *, status: int = 200, **values: object) -> HTMLResponse:
    """Render one of our templates; every value is escaped."""
    return HTMLResponse(_environment().get_template(template).render(values), status)


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
