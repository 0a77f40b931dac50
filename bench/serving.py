"""What a server costs: CPU of its process per request, over one connection that is kept."""

import os
from pathlib import Path
from typing import Final

import httpx2

REQUESTS: Final = 4000
_TICKS: Final = os.sysconf("SC_CLK_TCK")


def cost_of_server(pid: int, client: httpx2.Client, path: str) -> float:
    """Return seconds of CPU that a server takes for one request.

    Args:
        pid: Its process, which does nothing else meanwhile.
        client: Connected to it.
        path: What is asked.
    """
    begin = _cpu_s(pid)
    for _ in range(REQUESTS):
        client.get(path)
    return (_cpu_s(pid) - begin) / REQUESTS


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS
