"""Rendering: the two forms of a letter, made from the same facts.

There are no templates of users: a name or an address with template signs in it is only text.
"""

from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from allgreen.notifiers.stationery import Letter
from allgreen.notifiers.wording import NBSP

LARGEST_HTML_BYTES: Final = 60 * 1024
"""Beyond some 100 KB mail programs cut a mail off; ours stay well below."""


def render_text(letter: Letter) -> str:
    """Return the plain-text form; with plain spaces, for pagers and for searching."""
    text = _TEMPLATES.get_template("letter.txt.j2").render(letter=letter)
    return text.replace(NBSP, " ")


def render_html(letter: Letter) -> str:
    """Return the HTML form; everything that came from people is escaped."""
    return _TEMPLATES.get_template("letter.html.j2").render(letter=letter)


_TEMPLATES: Final = Environment(
    loader=PackageLoader("allgreen.notifiers"),
    autoescape=select_autoescape(enabled_extensions=("html.j2",), default=False),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
