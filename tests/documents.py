"""The blocks of code in our documents."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.checkout import ROOT, source_files

_FENCE = re.compile(r'^```(?P<language>\w*)(?: title="(?P<title>[^"]+)")?$')

LIBRARY_PAGES = tuple(
    ROOT / name
    for name in (
        "README.md",
        "docs/tutorial/health-page.md",
        "docs/howto/django.md",
        "docs/howto/docker.md",
        "docs/howto/fastapi.md",
        "docs/howto/flask.md",
        "docs/howto/kubernetes.md",
        "docs/howto/move-from-allgood.md",
        "docs/howto/prometheus.md",
        "docs/howto/systemd.md",
        "docs/howto/test-your-checks.md",
        "docs/howto/webhooks.md",
        "docs/howto/wsgi-asgi.md",
        "docs/reference/components.md",
        "docs/reference/library.md",
        "docs/explanation/health-library.md",
    )
)
"""Pages on the library: whatever a reader may type there is run."""


class Block(NamedTuple):
    """A fenced block.

    Attributes:
        line: On which it begins, from 1.
        title: Name of the file that it is; empty when it is none.
    """

    page: Path
    line: int
    language: str
    title: str
    text: str

    @property
    def place(self) -> str:
        """Where it stands, for people."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def list_pages() -> list[Path]:
    """Return every page of ours."""
    return [path for path in source_files() if path.suffix == ".md"]


def read_blocks(page: Path) -> Iterator[Block]:
    """Return the blocks of a page, in their order.

    Raises:
        ValueError: A fence is not written as all others are, or does not end.
    """
    opened: tuple[int, re.Match[str]] | None = None
    lines: list[str] = []
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        if opened is None and line.startswith("```"):
            found = _FENCE.match(line)
            if found is None:
                raise ValueError(f"{page}:{number}: a block begins as no other does: {line}")
            opened, lines = (number, found), []
        elif opened is not None and line == "```":
            begin, found = opened
            text = "".join(f"{one}\n" for one in lines)
            yield Block(page, begin, found["language"], found["title"] or "", text)
            opened = None
        else:
            lines.append(line)
    if opened is not None:
        raise ValueError(f"{page}:{opened[0]}: a block does not end")
