"""Texts of a profile: plain words, names at other sites, and one web address."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, quote, urlsplit

import idna

MOST_IN_LINE: Final = 80
MOST_IN_BIO: Final = 280
MOST_IN_ADDRESS: Final = 200
_LONGEST: Final = 2000
_INVISIBLE: Final = ("Cc", "Cf", "Cs", "Co")
_SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]*):(?!\d)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A site at which people have a name.

    Attributes:
        name: Of the site.
        start: What stands before a name in its addresses.
        hosts: Where else it is found; countries have names of their own at some.
        names: What a name there looks like.
    """

    name: str
    start: str
    hosts: re.Pattern[str]
    names: re.Pattern[str]

    @property
    def home(self) -> str:
        """Return what stands before a name in addresses, as people write them."""
        return self.start.removeprefix("https://").removeprefix("www.")

    def address_of(self, name: str) -> str:
        """Return the address of somebody there."""
        return f"{self.start}{quote(name, safe='')}"


GITHUB: Final = Site(
    name="GitHub",
    start="https://github.com/",
    hosts=re.compile(r"(www\.)?github\.com"),
    names=re.compile(r"[a-z0-9](-?[a-z0-9]){0,38}(_[a-z0-9]{1,10})?", re.IGNORECASE),
)
LINKEDIN: Final = Site(
    name="LinkedIn",
    start="https://www.linkedin.com/in/",
    hosts=re.compile(r"([a-z]{2,3}\.)?linkedin\.com"),
    names=re.compile(r"[\w-]{3,100}"),
)


def clean_line(text: str) -> str:
    """Return one line of plain text, empty when nothing of it can be seen.

    Raises:
        ValueError: It is too long.
    """
    line = " ".join(_visible(text).split())
    if len(line) > MOST_IN_LINE:
        raise ValueError(f"Use at most {MOST_IN_LINE} characters.")
    return line


def clean_bio(text: str) -> str:
    """Return some lines of plain text, at most one of them empty in a row.

    Raises:
        ValueError: It is too long.
    """
    if len(text) > _LONGEST:
        raise ValueError(f"Use at most {MOST_IN_BIO} characters.")
    lines = "\n".join(" ".join(_visible(line).split()) for line in text.splitlines())
    bio = re.sub(r"\n{3,}", "\n\n", lines).strip()
    if len(bio) > MOST_IN_BIO:
        raise ValueError(f"Use at most {MOST_IN_BIO} characters.")
    return bio


def clean_name_at(site: Site, text: str) -> str:
    """Return the name of somebody at a site, also from the address of their page there.

    Raises:
        ValueError: It is neither.
    """
    told = text[:_LONGEST].strip()
    if not told:
        return ""
    name = _name_in_address(site, told) if "/" in told else told.removeprefix("@")
    if name is None or not site.names.fullmatch(name):
        raise ValueError(f"Write the name alone: what stands behind {site.home} there.")
    return name


def clean_website(text: str) -> str:
    """Return a web address that can be linked to, with its scheme.

    Raises:
        ValueError: It is none, or of another scheme than http and https.
    """
    told = text[:_LONGEST].strip()
    if not told:
        return ""
    joined = "".join(told.split())
    if joined != told:
        hint = f" Did you mean {joined}?" if _is_website(joined) else ""
        raise ValueError(f"A web address has no spaces.{hint}")
    return _read_website(told)


def _read_website(told: str) -> str:
    named = _SCHEME.match(told)
    if named and named[1].lower() not in ("http", "https"):
        raise ValueError("Only addresses that begin with https:// or http:// can be linked to.")
    # Browsers take a backslash for a slash, and leave out what nobody can see.
    if not told.isprintable() or "\\" in told or told.startswith("/"):
        raise ValueError(_NO_WEBSITE)
    parts = _split(told if named else f"https://{told}")
    host = _ascii_host(parts) if parts else None
    if parts is None or host is None or parts.username is not None:
        raise ValueError(_NO_WEBSITE)
    port = f":{parts.port}" if parts.port else ""
    address = parts._replace(netloc=f"{host}{port}").geturl()
    if len(address) > MOST_IN_ADDRESS:
        raise ValueError(f"Use at most {MOST_IN_ADDRESS} characters.")
    return address


def _is_website(told: str) -> bool:
    try:
        return bool(_read_website(told))
    except ValueError:
        return False


def _name_in_address(site: Site, told: str) -> str | None:
    parts = _split(told if "://" in told else f"https://{told}")
    if parts is None or parts.scheme != "https" or not site.hosts.fullmatch(parts.hostname or ""):
        return None
    folder = urlsplit(site.start).path
    if not parts.path.startswith(folder):
        return None
    return parts.path.removeprefix(folder).removesuffix("/")


def _split(address: str) -> SplitResult | None:
    """Return the parts of an address; `None` where one has no host, or a port that is none."""
    try:
        parts = urlsplit(address)
        is_whole = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if is_whole else None


def _ascii_host(parts: SplitResult) -> str | None:
    """Return a host with a dot in it as DNS writes it; `None` when it is none."""
    host = parts.hostname or ""
    try:
        return idna.encode(host, uts46=True).decode() if "." in host.strip(".") else None
    except idna.IDNAError:
        return None


def _visible(text: str) -> str:
    # Before it is looked at letter by letter: a megabyte of it would hold everybody else up.
    if len(text) > _LONGEST:
        raise ValueError("This is far too long.")
    spaced = "".join(" " if c.isspace() else c for c in text)
    # Direction marks and control characters could make a text look like another (Unicode TR 36).
    kept = (c for c in spaced if unicodedata.category(c) not in _INVISIBLE)
    return unicodedata.normalize("NFC", "".join(kept))


_NO_WEBSITE: Final = "Write a web address, such as https://example.org."
