"""``grpc.health.v1`` on a server of grpcio, without the package `grpcio-health-checking`.

Its two messages have one field each, so they are written and read here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final

from allgreen.errors import MissingExtraError, NotFoundError
from allgreen.health.serving.grpc_health import HealthService, ServingStatus

if TYPE_CHECKING:
    import asyncio

try:
    import grpc  # type: ignore[import-untyped]  # grpcio has no types
    from grpc import aio
except ImportError as error:
    raise MissingExtraError("grpc", "grpcio") from error

SERVICE: Final = "grpc.health.v1.Health"

_NAME_FIELD: Final = 1
_STATUS_FIELD: Final = 1
_LONGEST_VARINT: Final = 10


class _Kind(IntEnum):
    """How a value is written; https://protobuf.dev/programming-guides/encoding."""

    VARINT = 0
    FIXED64 = 1
    LENGTH = 2
    FIXED32 = 5


def add_health(server: Any, service: HealthService) -> None:
    """Let a server of grpcio answer ``Check`` and ``Watch``.

    Call it before the server is started. Who watches takes none of the threads of the server.

    Args:
        server: A `grpc.Server` or `grpc.aio.Server`.
        service: What is answered.
    """
    is_async = isinstance(server, aio.Server)
    check, watch = (
        (_check_async(service), _watch_async(service))
        if is_async
        else (_check(service), _watch(service))
    )
    handlers = {
        "Check": grpc.unary_unary_rpc_method_handler(
            check, request_deserializer=read_request, response_serializer=write_response
        ),
        "Watch": grpc.unary_stream_rpc_method_handler(
            watch, request_deserializer=read_request, response_serializer=write_response
        ),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))


def write_response(status: ServingStatus) -> bytes:
    """Return a ``HealthCheckResponse``; in proto3 a zero is not written."""
    return bytes((_STATUS_FIELD << 3 | _Kind.VARINT, status)) if status else b""


def read_request(message: bytes) -> str:
    """Return the name in a ``HealthCheckRequest``; of repeated fields the last one counts.

    Raises:
        ValueError: It is no such message.
    """
    name, place = "", 0
    while place < len(message):
        tag, place = _read_varint(message, place)
        field, kind = tag >> 3, tag & 7
        begin, place = _skip(message, place, kind)
        if field == _NAME_FIELD and kind == _Kind.LENGTH:
            name = message[begin:place].decode()
    return name


def _skip(message: bytes, place: int, kind: int) -> tuple[int, int]:
    """Return where the value of a field begins and ends."""
    match kind:
        case _Kind.VARINT:
            begin, end = place, _read_varint(message, place)[1]
        case _Kind.FIXED64:
            begin, end = place, place + 8
        case _Kind.LENGTH:
            length, begin = _read_varint(message, place)
            end = begin + length
        case _Kind.FIXED32:
            begin, end = place, place + 4
        case _:
            raise ValueError(f"There is no kind {kind} of fields.")
    if end > len(message):
        raise ValueError("The message is cut off.")
    return begin, end


def _read_varint(message: bytes, place: int) -> tuple[int, int]:
    """Return a number and where it ends."""
    number = 0
    for count, byte in enumerate(message[place : place + _LONGEST_VARINT]):
        number |= (byte & 0x7F) << 7 * count
        if byte < 0x80:
            return number, place + count + 1
    raise ValueError("A number does not end.")


def _check(service: HealthService) -> Callable[[str, Any], ServingStatus]:
    def check(name: str, context: Any) -> ServingStatus:
        try:
            return service.check(name)
        except NotFoundError as error:
            context.abort(grpc.StatusCode.NOT_FOUND, str(error))
            raise

    return check


def _check_async(service: HealthService) -> Callable[[str, Any], Any]:
    async def check(name: str, context: Any) -> ServingStatus:
        try:
            return await service.check_async(name)
        except NotFoundError as error:
            await context.abort(grpc.StatusCode.NOT_FOUND, str(error))
            raise

    return check


def _watch(service: HealthService) -> Callable[..., Iterator[ServingStatus] | None]:
    def watch(name: str, context: Any, send: Callable[[ServingStatus], None]) -> None:
        end = service.watch(name, send)
        if not context.add_callback(end):
            end()  # it is over already

    # grpcio gives `send` to what is marked so, and has its thread back; else each of those who
    # watch would hold one of the few threads of the server for ever.
    watch.experimental_non_blocking = True  # type: ignore[attr-defined]  # a mark on a function
    return watch


def _watch_async(service: HealthService) -> Callable[[str, Any], AsyncIterator[ServingStatus]]:
    async def watch(name: str, context: Any) -> AsyncIterator[ServingStatus]:
        import asyncio  # noqa: PLC0415 - a server with threads needs none

        loop, statuses = asyncio.get_running_loop(), asyncio.Queue[ServingStatus]()
        end = service.subscribe(name, lambda status: _put(loop, statuses, status))
        looking = loop.create_task(_look(service, name))
        try:
            while True:
                yield await statuses.get()
        finally:
            looking.cancel()
            end()

    return watch


def _put(
    loop: asyncio.AbstractEventLoop,
    statuses: asyncio.Queue[ServingStatus],
    status: ServingStatus,
) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(statuses.put_nowait, status)


async def _look(service: HealthService, name: str) -> None:
    """Look again and again, until nobody watches any more."""
    import asyncio  # noqa: PLC0415 - a server with threads needs none

    while True:
        with suppress(NotFoundError):  # it may be there later
            await service.check_async(name)
        await asyncio.sleep(service.looks_every_s)
