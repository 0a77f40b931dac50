"""The ceiling of any prober in this Python: the system calls of a probe and nothing else.

``python -m bench.probe_floor HOST PORT PROBES IN_FLIGHT`` prints microseconds of CPU per probe.
No deadline, no guard, no parsing, no event loop: what our client costs beyond this is ours.
"""

import resource
import select
import socket
import sys


def main(host: str, port: str, probes: str, in_flight: str) -> None:
    """Run the loop and print the figure."""
    address, wanted = (host, int(port)), int(probes)
    request = f"GET /health HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode()
    stream = socket.SOCK_STREAM | socket.SOCK_NONBLOCK
    events = select.EPOLLIN | select.EPOLLOUT | select.EPOLLRDHUP | select.EPOLLET
    poll = select.epoll()
    waiting: dict[int, socket.SocketType] = {}
    asked: set[int] = set()
    done = 0

    def start() -> None:
        opened = socket.SocketType(socket.AF_INET, stream, 0)
        opened.connect_ex(address)
        waiting[opened.fileno()] = opened
        poll.register(opened.fileno(), events)

    before = _cpu_s()
    for _ in range(int(in_flight)):
        start()
    while done < wanted:
        for fd, _ in poll.poll(-1, 256):
            if fd not in asked:
                waiting[fd].send(request)
                asked.add(fd)
                continue
            try:
                waiting[fd].recv(16384)
            except BlockingIOError:
                continue
            waiting.pop(fd).close()
            asked.discard(fd)
            done += 1
            start()
    print((_cpu_s() - before) * 1e6 / wanted)


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main(*sys.argv[1:])
