"""How many files and sockets this process has open."""

import asyncio
from pathlib import Path


def open_descriptors() -> int:
    """Count them."""
    return len(list(Path("/proc/self/fd").iterdir()))


async def settled_descriptors(expected: int, within_s: float = 5.0) -> int:
    """Count them once there are no more than expected, or when time is up.

    c-ares closes its sockets in a thread of its own, and a peer closes when it pleases.
    """
    loop = asyncio.get_running_loop()
    ends_at = loop.time() + within_s
    while (count := open_descriptors()) > expected and loop.time() < ends_at:
        await asyncio.wait([loop.create_future()], timeout=0.01)
    return count
