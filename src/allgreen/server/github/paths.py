"""Where somebody goes on to after signing in: a place of ours, or the start."""

from typing import Final
from urllib.parse import unquote, urlsplit

START: Final = "/"
_LONGEST: Final = 500


def read_next(path: str | None) -> str:
    """Return a path of ours as it is, and the start for everything else.

    Browsers leave out tabs and line ends, and take a backslash for a slash: then ``/\\t/evil``
    and ``/\\\\evil`` lead to another site.
    """
    if not path or len(path) > _LONGEST:
        return START
    return path if _is_ours(path) and _stays(unquote(path)) else START


def _is_ours(path: str) -> bool:
    if not path.isascii() or not path.isprintable() or " " in path or not _stays(path):
        return False
    # Neither an answer for programs nor this very sign-in once more.
    return urlsplit(path).path.split("/")[1] not in ("api", "auth")


def _stays(path: str) -> bool:
    """Tell whether a browser takes this for a path of the site on which it is."""
    has_controls = any(c < " " or c == "\x7f" for c in path)
    return path[:1] == "/" and path[:2] != "//" and "\\" not in path and not has_controls
