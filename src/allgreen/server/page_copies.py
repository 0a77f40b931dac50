"""Where the copies of published pages lie on disk, for who writes them and who takes one away."""

import contextlib
import hashlib
from pathlib import Path
from typing import Final

FOLDER: Final = "pages"


def path_of_copy(data_dir: Path, slug: str) -> Path:
    """Return where the copy of a page lies, by the name of the page in its address."""
    # Of whatever stands in an address, only digits become part of a path.
    digest = hashlib.sha256(slug.encode("utf-8", "replace")).hexdigest()[:32]
    return data_dir / FOLDER / f"{digest}.json"


def drop_copy(data_dir: Path, slug: str) -> None:
    """Remove the copy of a page, if there is one."""
    with contextlib.suppress(OSError):
        path_of_copy(data_dir, slug).unlink(missing_ok=True)
