"""The text of a page: a closed part of Markdown, and nothing that can run, load or be styled."""

from typing import Final

import nh3
from markdown_it import MarkdownIt

TAGS: Final = frozenset({"p", "br", "strong", "em", "s", "code", "pre", "ul", "ol", "li"}) | {
    "blockquote",
    "a",
}
ATTRIBUTES: Final[dict[str, set[str]]] = {"a": {"href"}, "*": set()}
LINK_REL: Final = "noopener nofollow ugc"
_SCHEMES: Final = {"https", "mailto"}

# Headings are the page's own, images come from elsewhere, and raw HTML is shown as it was typed.
_MARKDOWN: Final = (
    MarkdownIt("commonmark", {"html": False, "maxNesting": 20})
    .disable(["heading", "lheading", "image", "hr", "html_block", "html_inline", "entity"])
    .enable("strikethrough")
)


def render_about(text: str) -> str:
    """Return HTML that holds `TAGS` only, with links to https and mailto alone.

    Written twice over: the parser makes no other tags, and what it made is held to the list again.
    """
    return nh3.clean(
        _MARKDOWN.render(text),
        tags=set(TAGS),
        attributes=ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel=LINK_REL,
        # A link to our own pages could be made to look like a button of ours.
        url_relative="deny",
    )
