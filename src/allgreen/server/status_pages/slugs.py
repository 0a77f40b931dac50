"""Names of public pages in addresses: which may be chosen, and which one is proposed."""

import re
import unicodedata
from collections.abc import Collection
from itertools import count
from typing import Final

SHORTEST: Final = 3
LONGEST: Final = 63
_SHAPE: Final = re.compile(r"[a-z0-9](?:-?[a-z0-9])*")
# One that is longer is not looked at letter by letter.
_LONGEST_GIVEN: Final = 200

RESERVED: Final = frozenset(
    """
    about abuse access account accounts activate admin administrator alert alerts all allgreen api
    app apps asset assets audit auth badge badges billing blog bot cdn change-email check checks
    cloud compliance config confirm console contact css dashboard delete demo dev developer
    developers doc docs download email embed error errors faq favicon feed feedback file files
    font fonts forgot ftp github guest health healthcheck healthz help home host hostmaster how
    http https icon image images img incident incidents index info install internal invite
    invitation invitations invoice ipv4 ipv6 javascript job jobs js json keys leave legal live
    livez local localhost log login logout logs mail maintenance manage manager manifest
    member members metrics mobile monitor monitoring net network news notification null oauth
    official open openapi operator organization page pages password pay payment photo ping
    postmaster press preview pricing privacy private probe profile profiles proof public readyz
    recipient recover register registration report reset robots root rss sales saml secure
    security server service services session sessions set-up setup shop sign-in sign-out sign-up
    signin signout signup site sitemap smtp sso ssl staff startupz static stats status
    status-page statuspage stylesheet subscribe subscription subscriptions superuser support
    sysadmin system team teams terms test theme token tokens totp trust unsubscribe update updates
    upload user users verify watch watcher webhook webhooks webmaster welcome well-known
    workspace workspaces www xml
    """.split()  # noqa: SIM905 - one word a line would be four pages
)
"""Names that would look as if Allgreen itself spoke, or stood at an address of its own."""

# Letters that are taken for one another at a glance; what is folded so is compared, never shown.
_ALIKE: Final = str.maketrans({"0": "o", "1": "l", "i": "l", "3": "e", "5": "s", "-": None})


def read_slug(given: str) -> str:
    """Return a name the way it stands in addresses.

    Full-width and other compatibility forms are folded (NFKC, Unicode TR 36); letters of other
    scripts that look like Latin ones are refused with all that is not ``a-z0-9-``.

    Raises:
        ValueError: It cannot stand there, or belongs to Allgreen.
    """
    slug = unicodedata.normalize("NFKC", given[:_LONGEST_GIVEN]).strip().lower()
    if not _SHAPE.fullmatch(slug):
        raise ValueError(
            "Use small letters from a to z, digits, and single hyphens between them, such as "
            "nordlys-shop."
        )
    if not SHORTEST <= len(slug) <= LONGEST:
        raise ValueError(f"Use {SHORTEST} to {LONGEST} characters.")
    if is_reserved(slug):
        raise ValueError("This name is kept for Allgreen itself. Choose another one.")
    return slug


def is_reserved(slug: str) -> bool:
    """Tell whether a name is ours, or is easily taken for one of ours."""
    return _fold(slug) in _FOLDED


def propose(name: str) -> str:
    """Return a name made from that of a workspace; it may be taken."""
    # Accents fall off, as they do in most people's addresses: é becomes e.
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[: LONGEST - 8].strip("-")
    if not slug:
        return "our-services"
    if len(slug) < SHORTEST or is_reserved(slug):
        return f"{slug}-services"
    return slug


def first_free(wish: str, taken: Collection[str]) -> str:
    """Return the wish, or the wish with the smallest number that makes it free."""
    if wish not in taken:
        return wish
    return next(slug for number in count(2) if (slug := f"{wish}-{number}") not in taken)


def _fold(slug: str) -> str:
    return slug.replace("rn", "m").replace("vv", "w").translate(_ALIKE)


_FOLDED: Final = frozenset(map(_fold, RESERVED))
