"""How the platform itself is."""

import hmac
import ipaddress
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from fastapi import Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response

from allgreen.domain.policy import Permission
from allgreen.errors import NotFoundError, StorageError
from allgreen.server.auth.access import Access, guarded_router, permission
from allgreen.server.operation.metrics import build_registry
from allgreen.server.platform import Platform, get_platform
from allgreen.server.wire import answers, render

LONGEST_IDLE_S: Final = 30.0
"""The schedule is looked at each second; a storage that is busy may hold that up for a while."""

router = guarded_router("operation")


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The status, and nothing that names a host or a version."""

    status: Literal["ok", "unavailable"]


@router.get("/healthz", **answers(Status))
async def get_health(
    request: Request, _access: Annotated[Access, permission(Permission.PUBLIC)]
) -> Response:
    """Tell whether requests can be served, and whether somebody looks for what is due."""
    platform = get_platform(request)
    try:
        await platform.database.check()
    except StorageError:
        return render(Status(status="unavailable"), status=503)
    # Where it stands still, services are not checked although every page looks fine.
    if platform.figures().idle_s > LONGEST_IDLE_S:
        return render(Status(status="unavailable"), status=503)
    return render(Status(status="ok"))


@router.get("/metrics", include_in_schema=False)
async def get_metrics(
    request: Request, _access: Annotated[Access, permission(Permission.METRICS)]
) -> Response:
    """Tell figures for Prometheus, to a loopback peer or with the token."""
    platform = get_platform(request)
    if not _may_read_metrics(request, platform):
        raise NotFoundError("page")
    return Response(
        generate_latest(build_registry(platform.figures)), media_type=CONTENT_TYPE_LATEST
    )


def _may_read_metrics(request: Request, platform: Platform) -> bool:
    token = platform.settings.metrics_token
    if token is not None:
        given = request.headers.get("authorization", "").removeprefix("Bearer ").encode()
        return hmac.compare_digest(given, token.get_secret_value().encode())
    # The peer of the socket itself: whoever came through a proxy is not on this machine.
    peer = request.client.host if request.client else ""
    return _is_loopback(peer) and "x-forwarded-for" not in request.headers


def _is_loopback(peer: str) -> bool:
    try:
        return ipaddress.ip_address(peer).is_loopback
    except ValueError:
        return False
