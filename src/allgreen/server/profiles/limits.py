"""How often profiles may be looked at, and photos made."""

from typing import Final

from limits import RateLimitItemPerHour

from allgreen.domain.identity import AccountId
from allgreen.server.platform import Platform

PROFILES_PER_ACCOUNT: Final = RateLimitItemPerHour(60, namespace="profiles")
PHOTOS_PER_ACCOUNT: Final = RateLimitItemPerHour(30, namespace="photos")


def count_profile(platform: Platform, viewer_id: AccountId) -> None:
    """Count a profile that is shown to everybody with an account.

    Raises:
        TooManyError: Somebody reads them one after the other.
    """
    platform.limits.count(
        PROFILES_PER_ACCOUNT,
        viewer_id,
        message="You looked at many profiles within the hour. Look at more of them later.",
    )


def count_photo(platform: Platform, account_id: AccountId) -> None:
    """Count a photo that is to be made.

    Raises:
        TooManyError: Many were made lately.
    """
    platform.limits.count(
        PHOTOS_PER_ACCOUNT,
        account_id,
        message="You sent many photos within the hour. Send the next one later.",
    )
