"""Whether this installation was set up; asked of the database until it is."""

from allgreen.errors import BusyError, StorageError
from allgreen.server.auth.queries import count_accounts
from allgreen.server.platform import Platform


async def is_set_up(platform: Platform) -> bool:
    """Tell whether there is an account, or ever was; while nobody can tell, say that there is."""
    if platform.public.is_set_up:
        return True
    try:
        async with platform.database.read() as connection:
            platform.public.is_set_up = await count_accounts(connection) > 0
    except (StorageError, BusyError):
        return True
    return platform.public.is_set_up
