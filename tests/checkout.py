"""The files of this checkout, as a clone holds them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]

_MADE_HERE = {".dev", ".git", ".venv", "__pycache__", "build", "dist", "node_modules"}
_BUNDLE = ROOT / "src/allgreen/server/web"


def source_files() -> Iterator[Path]:
    """Every file that belongs to the repository; what tools make is left out.

    Walked, not asked of git: a source archive has no history, and a bare machine no git.
    """
    return _walk(ROOT)


def source_texts() -> Iterator[tuple[Path, str]]:
    """The same files with their text, pictures and fonts left out."""
    for path in source_files():
        content = path.read_bytes()
        if b"\0" not in content:
            yield path, content.decode()


def _walk(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            if not _is_made_here(path):
                yield from _walk(path)
        elif not path.name.startswith(".coverage"):
            yield path


def _is_made_here(folder: Path) -> bool:
    name = folder.name
    is_cache = name.endswith(("_cache", ".egg-info")) or name == ".hypothesis"
    return is_cache or name in _MADE_HERE or folder == _BUNDLE
