"""Settings: the only reader of the environment.

Every name begins with ``ALLGREEN_``. A value that cannot be used ends in one `SettingsError` that
names its variable; docs/reference/settings.md lists them all.
"""

import errno
import os
import secrets
import sys
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    AliasChoices,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from allgreen.errors import SettingsError, StorageFullError
from allgreen.executors.canary import parse_canaries
from allgreen.failpoints import parse as parse_failpoints
from allgreen.notifiers.smtp_url import SmtpUrl
from allgreen.outbound.guard import TargetGuard
from allgreen.outbound.resolver import Resolver

PREFIX = "ALLGREEN_"
SHORTEST_KEY = 32


class Registration(StrEnum):
    """Who may make an account."""

    OPEN = "open"
    INVITED = "invited"
    CLOSED = "closed"


def _read_smtp(secret: SecretStr) -> SecretStr:
    SmtpUrl.parse(secret.get_secret_value())
    return secret


def _read_database_url(text: str) -> str:
    if urlsplit(text).scheme.partition("+")[0] not in ("sqlite", "postgresql", "postgres"):
        raise ValueError("write postgresql://user:password@host/name, or leave it out for SQLite")
    return text


def _read_public_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("write the address people use, such as https://allgreen.example.org")
    if parts.path.strip("/") or parts.query or parts.fragment or parts.username:
        raise ValueError("leave out the path: only scheme, host and port")
    return text.rstrip("/")


def _read_provider_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise ValueError("write an address such as https://github.example.org")
    if parts.query or parts.fragment:
        raise ValueError("leave out what stands behind the path")
    return text.rstrip("/")


def _read_allow_list(text: str) -> str:
    try:
        TargetGuard.parse(text)
    except SettingsError as error:
        raise ValueError(str(error).removeprefix(f"{error.setting}: ")) from None
    return text


def _read_key(secret: SecretStr) -> SecretStr:
    if len(secret.get_secret_value()) < SHORTEST_KEY:
        raise ValueError(f"use at least {SHORTEST_KEY} random characters")
    return secret


def _read_resolver(text: str) -> str:
    try:
        Resolver(text)
    except SettingsError as error:
        raise ValueError(str(error).removeprefix(f"{error.setting}: ")) from None
    return text


def _read_canaries(text: str) -> str:
    parse_canaries(text)
    return text


def _read_networks(text: str) -> str:
    for entry in _entries(text):
        try:
            ip_network(entry)
        except ValueError:
            raise ValueError(f"{entry!r} is not an address or network") from None
    return text


def _blank_is_absent(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


# An empty variable is how many tools say "not set".
Optional = BeforeValidator(_blank_is_absent)
DatabaseUrl = Annotated[str, AfterValidator(_read_database_url)]
PublicUrl = Annotated[str, AfterValidator(_read_public_url)]
SecretKey = Annotated[SecretStr, AfterValidator(_read_key)]
ResolverAddress = Annotated[str, AfterValidator(_read_resolver)]
ProviderUrl = Annotated[str, AfterValidator(_read_provider_url)]
SmtpSecret = Annotated[SecretStr, AfterValidator(_read_smtp)]


class Settings(BaseSettings):
    """What the environment asks for; see docs/reference/settings.md for each name."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="ignore", populate_by_name=True
    )

    # It may hold a password.
    database_url: Annotated[DatabaseUrl | None, Optional] = Field(default=None, repr=False)
    data_dir: Path = Field(default_factory=lambda: default_data_dir(os.environ, sys.platform))
    public_url: Annotated[PublicUrl | None, Optional] = None
    host: str = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=8000, ge=0, le=65535)
    env: str = Field(
        default="production",
        validation_alias=AliasChoices(f"{PREFIX}ENV", "APP_ENV", "ENV"),
    )

    secret_key: Annotated[SecretKey | None, Optional] = None
    secret_key_file: Annotated[Path | None, Optional] = None
    trusted_proxies: Annotated[str, AfterValidator(_read_networks)] = ""
    metrics_token: Annotated[SecretStr | None, Optional] = None
    registration: Registration = Registration.OPEN
    github_client_id: Annotated[str | None, Optional] = None
    github_client_secret: Annotated[SecretStr | None, Optional] = Field(
        default=None, validate_default=True
    )
    github_url: ProviderUrl = "https://github.com"
    github_api_url: ProviderUrl = "https://api.github.com"

    smtp_url: Annotated[SmtpSecret | None, Optional] = None

    allow_targets: Annotated[str, AfterValidator(_read_allow_list)] = ""
    canaries: Annotated[str, AfterValidator(_read_canaries)] = ""
    resolver: Annotated[ResolverAddress | None, Optional] = None
    min_interval_s: int = Field(default=60, ge=1, le=3600)
    concurrency: int = Field(default=500, ge=1, le=20_000)
    backoff_scale: float = Field(default=1.0, ge=0, le=100, allow_inf_nan=False)
    flapping_turns: int = Field(default=5, ge=0, le=100)
    keep_results_days: int = Field(default=7, ge=1, le=3650)
    failpoints: str = ""

    @field_validator("github_client_secret")
    @classmethod
    def _read_github(cls, secret: SecretStr | None, told: ValidationInfo) -> SecretStr | None:
        if (secret is None) != (told.data.get("github_client_id") is None):
            raise ValueError("set the id and the secret of the OAuth app, or neither")
        return secret

    @field_validator("github_url", "github_api_url", mode="before")
    @classmethod
    def _read_blank(cls, value: object, told: ValidationInfo) -> object:
        assert told.field_name is not None
        is_set = _blank_is_absent(value) is not None
        return value if is_set else cls.model_fields[told.field_name].default

    @field_validator("failpoints")
    @classmethod
    def _read_failpoints(cls, text: str, told: ValidationInfo) -> str:
        parse_failpoints(text)
        if text and told.data.get("env") != "test":
            raise ValueError("it breaks things on purpose: leave it out, or set the env to test")
        return text

    @classmethod
    def load(cls, **overrides: object) -> Self:
        """Read the environment; `overrides` win, such as the flags of a command.

        Raises:
            SettingsError: A value cannot be used; only the first is told.
        """
        given: dict[str, Any] = {k: v for k, v in overrides.items() if v is not None}
        try:
            return cls(**given)
        except ValidationError as error:
            raise _first_problem(error) from None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take flags, then the environment; no file is read behind the operator's back."""
        return init_settings, env_settings

    @property
    def database(self) -> str:
        """The database to use: the one that is set, or a file in the data directory."""
        return self.database_url or f"sqlite:///{self.data_dir / 'allgreen.db'}"

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is a file, which one process may use at a time."""
        return self.database.startswith("sqlite")

    @property
    def base_url(self) -> str:
        """The address in links, without a slash at its end."""
        return self.public_url or f"http://{self.host_in_url}:{self.port}"

    @property
    def listens_everywhere(self) -> bool:
        """Whether all addresses of this machine are listened on."""
        return self.host in ("0.0.0.0", "::")  # noqa: S104 - compared, not listened on

    @property
    def host_in_url(self) -> str:
        """The address that is listened on, as a URL writes it."""
        if self.listens_everywhere:
            return "localhost"  # no address of them could stand in a link
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def is_secure(self) -> bool:
        """Whether people reach us by https."""
        return self.base_url.startswith("https://")

    @property
    def has_github(self) -> bool:
        """Whether people can sign in with GitHub."""
        return self.github_client_id is not None

    @property
    def proxies(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The networks whose ``X-Forwarded-For`` is believed."""
        return tuple(ip_network(entry) for entry in _entries(self.trusted_proxies))

    @property
    def min_interval(self) -> timedelta:
        """The shortest period of a service."""
        return timedelta(seconds=self.min_interval_s)

    def read_secret_key(self) -> str:
        """Return the key that guards secrets at rest; made once, in the data directory.

        Raises:
            SettingsError: The file of the key cannot be read or made.
            StorageFullError: The disk is full.
        """
        if self.secret_key is not None:
            return self.secret_key.get_secret_value()
        if self.secret_key_file is None:
            _make_key(self.data_dir / "secret.key")
        path = self.secret_key_file or self.data_dir / "secret.key"
        try:
            key = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(
                f"{PREFIX}SECRET_KEY_FILE", f"cannot read {path}: {error}"
            ) from None
        if len(key) < SHORTEST_KEY:
            raise SettingsError(f"{PREFIX}SECRET_KEY_FILE", f"{path} holds no key of 32 characters")
        return key


def default_data_dir(environment: Mapping[str, str], system: str) -> Path:
    """Return where this platform keeps the data of programs."""
    if system == "darwin":
        return Path.home() / "Library" / "Application Support" / "Allgreen"
    # The XDG base directory specification: an empty or relative value counts as absent.
    told = Path(environment.get("XDG_DATA_HOME", ""))
    return (told if told.is_absolute() else Path.home() / ".local" / "share") / "allgreen"


def _make_key(path: Path) -> None:
    """Make the key, unless it is there."""
    try:
        if not path.exists():
            _write_new_key(path)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise StorageFullError(
                f"The disk of {path.parent} is full. Free some space, then start again."
            ) from None
        raise SettingsError(
            f"{PREFIX}DATA_DIR", f"cannot write to {path.parent}: {os.strerror(error.errno or 0)}"
        ) from None


def _write_new_key(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(secrets.token_urlsafe(48) + "\n")
        file.flush()
        # Without its key the database holds secrets that nobody can read again.
        os.fsync(file.fileno())


def _first_problem(error: ValidationError) -> SettingsError:
    first = error.errors(include_url=False, include_input=False)[0]
    field = str(first["loc"][0]) if first["loc"] else ""
    name = field if field.isupper() else f"{PREFIX}{field.upper()}"
    return SettingsError(name, first["msg"].removeprefix("Value error, "))


def _entries(text: str) -> list[str]:
    return [entry.strip() for entry in text.split(",") if entry.strip()]
