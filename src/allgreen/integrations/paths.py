"""Paths: where a mount is, and what of a path is below it."""

from __future__ import annotations

from allgreen.health.serving.options import refuse_path


def read_prefix(prefix: str) -> str:
    """Return the prefix of a mount, without the slash at its end; empty for the root.

    Raises:
        SettingsError: No request could name it.
    """
    bare = prefix.rstrip("/")
    if bare:
        refuse_path(bare)
    return bare


def strip_prefix(path: str, prefix: str) -> str | None:
    """Return what of a path is below a prefix; `None` when it is not below it."""
    if not prefix:
        return path
    below = path.removeprefix(prefix)
    return below if below.startswith("/") and len(below) < len(path) else None
