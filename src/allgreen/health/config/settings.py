"""Settings of the HealthChecker: from the environment, and changed while the program runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any, Final, Self

from allgreen.errors import SettingsError
from allgreen.health.environment import read as read_environment
from allgreen.health.registry import suggest

TIMEOUT: Final = "ALLGREEN_HEALTH_TIMEOUT_MS"
TIMEOUTS: Final = "ALLGREEN_HEALTH_TIMEOUTS_MS"
RETRIES: Final = "ALLGREEN_HEALTH_RETRIES"
BACKOFF: Final = "ALLGREEN_HEALTH_BACKOFF_S"
COMPONENTS: Final = "ALLGREEN_HEALTH_COMPONENTS"

LONGEST_MS: Final = 300_000
MOST_RETRIES: Final = 10
LONGEST_BACKOFF_S: Final = 60.0

_NONE: Final[Mapping[str, float | None]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthSettings:
    """How components are checked. A value: whoever holds one sees all of it or nothing.

    Attributes:
        default_timeout_ms: Milliseconds after which an attempt is given up; up to five minutes.
            0 or `None` for no limit of its own: the deadline of the whole still holds.
        per_component_timeouts_ms: The same for some components, by name.
        retry_count: How many more attempts follow one that raised or took too long; 0 to 10.
        backoff_base_seconds: Pause before the first of them; it doubles with each. 0 to 60.
        components: The only ones that are checked when all are asked for; `None` for all.

    Raises:
        SettingsError: One of them cannot be used; says which and why.
    """

    default_timeout_ms: float | None = 2000
    per_component_timeouts_ms: Mapping[str, float | None] = field(default_factory=lambda: _NONE)
    retry_count: int = 1
    backoff_base_seconds: float = 0.1
    components: frozenset[str] | None = None

    def __post_init__(self) -> None:
        _refuse_timeout("default_timeout_ms", self.default_timeout_ms)
        for name, timeout_ms in self.per_component_timeouts_ms.items():
            _refuse_timeout(f"per_component_timeouts_ms[{name!r}]", timeout_ms)
        _refuse_retries("retry_count", self.retry_count)
        _refuse_number("backoff_base_seconds", self.backoff_base_seconds, 0, LONGEST_BACKOFF_S)
        # A copy that nobody else can change.
        timeouts = MappingProxyType(dict(self.per_component_timeouts_ms))
        object.__setattr__(self, "per_component_timeouts_ms", timeouts)
        if self.components is not None:
            object.__setattr__(self, "components", _names("components", self.components))

    @classmethod
    def from_environment(cls, read: Callable[[str], str | None] = read_environment) -> Self:
        """Read settings; what is absent has its default.

        ``ALLGREEN_HEALTH_TIMEOUT_MS=2000``, ``ALLGREEN_HEALTH_TIMEOUTS_MS=database=5000,cache=500``,
        ``ALLGREEN_HEALTH_RETRIES=1``, ``ALLGREEN_HEALTH_BACKOFF_S=0.1`` and
        ``ALLGREEN_HEALTH_COMPONENTS=database,cache``.

        Args:
            read: Returns a variable, `None` when it is absent.

        Raises:
            SettingsError: A variable cannot be used; its name is in the message.
        """
        readers: dict[str, tuple[str, Callable[[str, str], Any]]] = {
            "default_timeout_ms": (TIMEOUT, _read_timeout),
            "per_component_timeouts_ms": (TIMEOUTS, _read_timeouts),
            "retry_count": (RETRIES, _read_retries),
            "backoff_base_seconds": (BACKOFF, _read_backoff),
            "components": (COMPONENTS, _read_components),
        }
        found = {
            option: reader(variable, text)
            for option, (variable, reader) in readers.items()
            if (text := read(variable)) is not None
        }
        return cls(**found)

    def changed(self, **changes: Any) -> Self:
        """Return the same settings with some that are different.

        Raises:
            SettingsError: One of them cannot be used, or there is no such setting.
        """
        known = [one.name for one in fields(self)]
        for name in changes:
            if name not in known:
                close = suggest(name, known)
                hint = f" Did you mean {close!r}?" if close else ""
                raise SettingsError(name, f"there is no such setting.{hint}")
        return replace(self, **changes)

    def timeout_ms(self, name: str) -> float | None:
        """Return after how many milliseconds an attempt is given up; `None` for no limit."""
        return self.per_component_timeouts_ms.get(name, self.default_timeout_ms) or None

    def is_enabled(self, name: str) -> bool:
        """Tell whether a component is checked when all are asked for."""
        return self.components is None or name in self.components


def _read_timeout(variable: str, text: str) -> float:
    timeout_ms = _number(variable, text)
    _refuse_timeout(variable, timeout_ms)
    return timeout_ms


def _read_timeouts(variable: str, text: str) -> dict[str, float | None]:
    timeouts: dict[str, float | None] = {}
    for part in text.split(","):
        name, separator, value = (piece.strip() for piece in part.partition("="))
        if not (name and separator):
            raise SettingsError(
                variable,
                f"{part.strip()!r} is not understood; write name=milliseconds, with commas.",
            )
        timeouts[name] = _number(variable, value)
        _refuse_timeout(variable, timeouts[name])
    return timeouts


def _read_retries(variable: str, text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise SettingsError(variable, f"{text!r} is no whole number.")
    retries = int(text)
    _refuse_retries(variable, retries)
    return retries


def _read_backoff(variable: str, text: str) -> float:
    seconds = _number(variable, text)
    _refuse_number(variable, seconds, 0, LONGEST_BACKOFF_S)
    return seconds


def _read_components(variable: str, text: str) -> frozenset[str]:
    return _names(variable, [part.strip() for part in text.split(",")])


def _number(setting: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise SettingsError(setting, f"{text!r} is no number.") from None


def _names(setting: str, names: object) -> frozenset[str]:
    if isinstance(names, str) or not hasattr(names, "__iter__"):
        raise SettingsError(setting, f"{names!r} is not a list of names.")
    listed = list(names)
    if not all(isinstance(name, str) and name for name in listed):
        raise SettingsError(setting, "the name of a component is text, and not empty.")
    return frozenset(listed)


def _refuse_timeout(setting: str, timeout_ms: object) -> None:
    if timeout_ms is not None:
        _refuse_number(setting, timeout_ms, 0, LONGEST_MS)


def _refuse_retries(setting: str, retries: object) -> None:
    if not isinstance(retries, int):
        raise SettingsError(setting, f"{retries!r} is no whole number.")
    _refuse_number(setting, retries, 0, MOST_RETRIES)


def _refuse_number(setting: str, value: object, least: float, most: float) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    # `not <=` and not `>`: nothing is true of a number that is none.
    if not is_number or not least <= value <= most:  # type: ignore[operator]  # it is a number
        raise SettingsError(setting, f"{value!r} is no number from {least:g} to {most:g}.")
