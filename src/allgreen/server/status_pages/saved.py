"""Copies of published pages on disk: what is shown when the database is away after a restart.

They hold what everybody may see and nothing else; all the same they are the owner's to read, for a
page that is no longer published must not be found in an old copy.
"""

import contextlib
import logging
import os
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from allgreen.server.page_copies import FOLDER, path_of_copy
from allgreen.server.status_pages.public import PublicPage

_UNFINISHED: Final = ".part"
_ADAPTER: Final = TypeAdapter(PublicPage)

logger = logging.getLogger(__name__)


def save_page(data_dir: Path, page: PublicPage) -> None:
    """Write the copy of a page, whole or not at all; a full disk is no reason to show nothing."""
    path = path_of_copy(data_dir, page.slug)
    unfinished = path.with_suffix(_UNFINISHED)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(_ADAPTER.dump_json(page))
        unfinished.replace(path)
    except OSError as error:
        _warn(str(error))


def read_page(data_dir: Path, slug: str) -> PublicPage | None:
    """Return the last copy of a page, if there is one that can be read."""
    try:
        page = _ADAPTER.validate_json(path_of_copy(data_dir, slug).read_bytes())
    except (OSError, ValidationError):
        return None
    return page if page.slug == slug else None


def keep_only(data_dir: Path, slugs: Iterable[str]) -> None:
    """Remove the copies of all other pages."""
    kept = {path_of_copy(data_dir, slug).stem for slug in slugs}
    with contextlib.suppress(OSError):
        for path in (data_dir / FOLDER).iterdir():
            if path.stem not in kept:
                path.unlink(missing_ok=True)


@lru_cache(maxsize=16)
def _warn(reason: str) -> None:
    # Once for each reason: pages are read all the time, and a full disk would only get fuller.
    logger.warning("The copy of a public page could not be written: %s", reason)
