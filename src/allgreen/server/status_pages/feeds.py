"""Outages of a page as RSS and Atom."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import feedgenerator  # type: ignore[import-untyped]  # it has no types

from allgreen.server.status_pages.public import PublicIncident, PublicPage
from allgreen.server.status_pages.words import for_xml, write_duration

MOST: Final = 50
RSS: Final = "rss"
ATOM: Final = "atom"


class _Dated:
    """A feed that was changed when its page says so: of an empty one, the library asks the clock.

    Attributes:
        changed_at: When the newest entry was changed, or the page was read.
    """

    changed_at: datetime

    def latest_post_date(self) -> datetime:
        """Return when anything in it was changed last."""
        return self.changed_at


class _Rss(_Dated, feedgenerator.Rss201rev2Feed):  # type: ignore[misc]  # the library has no types
    pass


class _Atom(_Dated, feedgenerator.Atom1Feed):  # type: ignore[misc]  # the library has no types
    pass


_FORMATS: Final[Mapping[str, Any]] = {RSS: _Rss, ATOM: _Atom}


def render_feed(page: PublicPage, form: str, *, address: str) -> bytes:
    """Return the newest outages of a page; nothing in it is HTML."""
    feed = _FORMATS[form](
        title=f"{for_xml(page.title)}: outages",
        link=address,
        description=f"What was down at {for_xml(page.title)}, and when it held again.",
        language="en",
        feed_url=f"{address}/feed.{form}",
    )
    shown = page.incidents[:MOST]
    changes = (incident.ended_at or incident.began_at for incident in shown)
    feed.changed_at = max(changes, default=page.as_of)
    for incident in shown:
        feed.add_item(
            title=_title(incident),
            link=address,
            description=_describe(incident),
            # The same for the whole outage, so that readers show it as one thing that changes.
            unique_id=f"{address}#{incident.key}",
            unique_id_is_permalink=False,
            pubdate=incident.began_at,
            updateddate=incident.ended_at or incident.began_at,
        )
    return str(feed.writeString("utf-8")).encode()


def _title(incident: PublicIncident) -> str:
    return f"{for_xml(incident.service)} {'was' if incident.ended_at else 'is'} down"


def _describe(incident: PublicIncident) -> str:
    began = f"It stopped answering correctly at {_write(incident.began_at)}."
    if incident.ended_at is None:
        return f"{began} It has not held again yet."
    lasted = write_duration(incident.duration_s)
    ending = incident.ending.value if incident.ending else "over"
    return f"{began} {ending.capitalize()} at {_write(incident.ended_at)}, after {lasted}."


def _write(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
