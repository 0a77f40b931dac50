"""Outages of a page as RSS and Atom."""

from datetime import datetime
from typing import Final

import feedgenerator

from allgreen.server.status_pages.public import PublicIncident, PublicPage
from allgreen.server.status_pages.words import for_xml, write_duration

MOST: Final = 50
RSS: Final = "rss"
ATOM: Final = "atom"
_FORMATS: Final = {RSS: feedgenerator.Rss201rev2Feed, ATOM: feedgenerator.Atom1Feed}


def render_feed(page: PublicPage, form: str, *, address: str) -> bytes:
    """Return the newest outages of a page; nothing in it is HTML."""
    feed = _FORMATS[form](
        title=f"{for_xml(page.title)}: outages",
        link=address,
        description=f"What was down at {for_xml(page.title)}, and when it held again.",
        language="en",
        feed_url=f"{address}/feed.{form}",
    )
    for incident in page.incidents[:MOST]:
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
