"""The environment of the program: nothing else in the library reads it."""

import os
import sys
from pathlib import Path

NAMES = ("ALLGREEN_ENV", "APP_ENV", "ENV")
"""Where the name of the environment is looked for, in this order."""

PRODUCTION = "production"


def read(name: str) -> str | None:
    """Return a variable without the space around it; `None` when it is absent or blank."""
    return os.environ.get(name, "").strip() or None


def environment_name() -> str:
    """Return where the program runs, in lower case; ``production`` when nobody said.

    Asked anew each time: a program may set it after its imports.
    """
    return next((told.lower() for told in map(read, NAMES) if told), PRODUCTION)


def state_directory(platform: str = sys.platform) -> Path | None:
    """Return where the library may keep what outlives a restart; `None` when there is no home.

    That is ``ALLGREEN_STATE_DIR``, or where the platform keeps the state of programs: on Linux by
    the XDG base directory specification (``$XDG_STATE_HOME/allgreen``, by default
    ``~/.local/state/allgreen``). The directory may not exist.
    """
    told = read("ALLGREEN_STATE_DIR")
    if told:
        return Path(told)
    try:
        return _of_platform(platform) / "allgreen"
    except RuntimeError:  # an account without a home, as in many containers
        return None


def _of_platform(platform: str) -> Path:
    if platform == "win32":
        local = read("LOCALAPPDATA")
        return Path(local) if local else Path.home() / "AppData" / "Local"
    if platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    # The specification: an empty or relative value counts as absent.
    told = Path(read("XDG_STATE_HOME") or "")
    return told if told.is_absolute() else Path.home() / ".local" / "state"
