"""The server that probes are measured against: one epoll loop, one fixed answer."""

import os
import select
import socket
import ssl
import sys
from typing import Final

ANSWER: Final = (
    b"HTTP/1.1 200 OK\r\nServer: bench\r\nDate: Fri, 20 Nov 2026 09:00:00 GMT\r\n"
    b"Content-Type: application/json\r\nContent-Length: 43\r\nConnection: close\r\n\r\n"
    b'{"status": "ok", "queue": {"depth": 12345}}'
)


def serve(core: int, certificate: str | None) -> None:
    """Answer for ever on a free port of 127.0.0.1; print the port first."""
    if core >= 0:
        os.sched_setaffinity(0, {core})
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        context.num_tickets = 0
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    listener.setblocking(False)
    print(listener.getsockname()[1], flush=True)
    poll = select.epoll()
    poll.register(listener.fileno(), select.EPOLLIN)
    clients: dict[int, socket.socket] = {}
    while True:
        for fd, _ in poll.poll():
            if fd == listener.fileno():
                _accept(listener, poll, clients, context)
            else:
                _answer(clients, fd)


def _accept(
    listener: socket.socket,
    poll: select.epoll,
    clients: dict[int, socket.socket],
    context: ssl.SSLContext | None,
) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except BlockingIOError:
            return
        client.setblocking(False)
        if context is not None:
            client = context.wrap_socket(client, server_side=True, do_handshake_on_connect=False)
        clients[client.fileno()] = client
        poll.register(client.fileno(), select.EPOLLIN)


def _answer(clients: dict[int, socket.socket], fd: int) -> None:
    client = clients[fd]
    try:
        if not client.recv(4096):
            raise ConnectionResetError
        client.send(ANSWER)
    except (BlockingIOError, ssl.SSLWantReadError):
        return
    except OSError:
        pass
    del clients[fd]
    client.close()


if __name__ == "__main__":
    serve(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None)
