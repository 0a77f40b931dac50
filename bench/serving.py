"""What a server costs: CPU of its process per request, over one connection that is kept."""

from pathlib import Path
from typing import Final

import httpx2

REQUESTS: Final = 4000


def cost_of_server(pid: int, client: httpx2.Client, path: str, requests: int = REQUESTS) -> float:
    """Return seconds of CPU that a server takes for one request.

    Args:
        pid: Its process, which does nothing else meanwhile.
        client: Connected to it.
        path: What is asked.
        requests: How often.
    """
    begin = _cpu_s(pid)
    for _ in range(requests):
        client.get(path)
    return (_cpu_s(pid) - begin) / requests


def _cpu_s(pid: int) -> float:
    """Return seconds on a processor, of all threads; what `stat` tells is guessed from ticks."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(each.read_text(encoding="ascii").split()[0]) for each in threads) / 1e9
