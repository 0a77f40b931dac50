"""Where the photo of a person is fetched: one place, for all who show people."""

from allgreen.server.wire import API


def photo_path(photo_id: str | None) -> str | None:
    """Return the path of a photo, 256 px wide; `None` without one.

    Append ``/small`` for 64 px. Whoever may not see the profile is answered 404 there.
    """
    return None if photo_id is None else f"{API}/photos/{photo_id}"
