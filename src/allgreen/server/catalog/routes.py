"""The services that a workspace watches."""

from typing import Annotated

from fastapi import Header, Query, Request
from starlette.responses import Response

from allgreen.domain.policy import Permission
from allgreen.server.auth.access import Access, guarded_router, permission
from allgreen.server.catalog import actions, queries
from allgreen.server.catalog.check_schemas import CheckInput
from allgreen.server.catalog.schemas import (
    CheckNow,
    Figures,
    Preview,
    Range,
    ResultPage,
    Service,
    ServiceEdit,
    ServiceInput,
    ServicePage,
)
from allgreen.server.platform import get_platform
from allgreen.server.wire import (
    Page,
    answers,
    cut_rows,
    render,
    render_nothing,
    version_tag,
)

router = guarded_router("services")


@router.get("/workspaces/{workspace_id}/services", **answers(ServicePage))
async def list_services(
    request: Request,
    workspace_id: str,
    cut: Page,
    access: Annotated[Access, permission(Permission.SERVICE_READ)],
    only: Annotated[list[Annotated[str, Query(max_length=64)]] | None, Query(max_length=50)] = None,
) -> Response:
    """List services by name; `only` these, when some are named."""
    platform = get_platform(request)
    mark = platform.recent.mark()
    async with platform.database.read() as connection:
        member = await access.workspace(connection, workspace_id)
        rows = await queries.list_rows(connection, member, cut, platform.clock.now(), only=only)
    page, next_cursor = cut_rows(rows, cut, lambda row: (row[0], row[1].id))
    shown = ServicePage(items=[row for _, row in page], next_cursor=next_cursor)
    return platform.recent.answer(request, member.workspace_id, shown, stable=shown, mark=mark)


@router.post("/workspaces/{workspace_id}/services", **answers(Service, 201))
async def create_service(
    request: Request,
    workspace_id: str,
    body: ServiceInput,
    access: Annotated[Access, permission(Permission.SERVICE_WRITE)],
) -> Response:
    """Begin to watch a service; its first check runs at once."""
    service = await actions.create_service(get_platform(request), access, workspace_id, body)
    return render(service, status=201, headers=version_tag(service.version))


@router.post("/workspaces/{workspace_id}/preview", **answers(Preview))
async def preview_check(
    request: Request,
    workspace_id: str,
    body: CheckInput,
    access: Annotated[Access, permission(Permission.SERVICE_PREVIEW)],
) -> Response:
    """Run a check once without saving anything."""
    preview = await actions.preview_check(get_platform(request), access, workspace_id, body)
    return render(preview)


@router.get("/services/{service_id}", **answers(Service))
async def get_service(
    request: Request,
    service_id: str,
    access: Annotated[Access, permission(Permission.SERVICE_READ)],
) -> Response:
    """Show one service in full; its ETag is the version to edit with."""
    platform = get_platform(request)
    async with platform.database.read() as connection:
        member = await access.service(connection, service_id)
        service = await queries.load_service(
            connection, platform.database.cipher, member, service_id, platform.clock.now()
        )
    return render(service, headers=version_tag(service.version))


@router.patch("/services/{service_id}", **answers(Service))
async def edit_service(
    request: Request,
    service_id: str,
    body: ServiceEdit,
    if_match: Annotated[str, Header(alias="If-Match")],
    access: Annotated[Access, permission(Permission.SERVICE_WRITE)],
) -> Response:
    """Change parts of a service, unless somebody else did since it was read."""
    service = await actions.edit_service(
        get_platform(request), access, service_id, body, if_match=if_match
    )
    return render(service, headers=version_tag(service.version))


@router.delete("/services/{service_id}", **answers(None, 204))
async def delete_service(
    request: Request,
    service_id: str,
    access: Annotated[Access, permission(Permission.SERVICE_WRITE)],
) -> Response:
    """Stop to watch a service for ever."""
    await actions.delete_service(get_platform(request), access, service_id)
    return render_nothing()


@router.post("/services/{service_id}/pause", **answers(Service))
async def pause_service(
    request: Request,
    service_id: str,
    access: Annotated[Access, permission(Permission.SERVICE_WRITE)],
) -> Response:
    """Stop to check a service until it is resumed."""
    service = await actions.pause_service(get_platform(request), access, service_id)
    return render(service, headers=version_tag(service.version))


@router.post("/services/{service_id}/resume", **answers(Service))
async def resume_service(
    request: Request,
    service_id: str,
    access: Annotated[Access, permission(Permission.SERVICE_WRITE)],
) -> Response:
    """Check a paused service again, at once."""
    service = await actions.resume_service(get_platform(request), access, service_id)
    return render(service, headers=version_tag(service.version))


@router.post("/services/{service_id}/check", **answers(CheckNow, 202))
async def check_now(
    request: Request,
    service_id: str,
    access: Annotated[Access, permission(Permission.SERVICE_CHECK_NOW)],
) -> Response:
    """Run the checks of a service outside of their grid; at most once in 10 s."""
    slot = await actions.check_now(get_platform(request), access, service_id)
    return render(CheckNow(slot=slot), status=202)


@router.get("/services/{service_id}/figures", **answers(Figures))
async def get_figures(
    request: Request,
    service_id: str,
    access: Annotated[Access, permission(Permission.RESULT_READ)],
    range_: Annotated[Range, Query(alias="range")] = Range.DAY,
) -> Response:
    """Tell latency, outages and changes over a range."""
    platform = get_platform(request)
    async with platform.database.read() as connection:
        member = await access.service(connection, service_id)
        cipher, now = platform.database.cipher, platform.clock.now()
        service = await queries.get_service(connection, cipher, service_id)
        return render(await queries.load_figures(connection, member, service, range_, now))


@router.get("/services/{service_id}/results", **answers(ResultPage))
async def list_results(
    request: Request,
    service_id: str,
    cut: Page,
    access: Annotated[Access, permission(Permission.RESULT_READ)],
) -> Response:
    """List the raw results that are still kept, newest first."""
    platform = get_platform(request)
    async with platform.database.read() as connection:
        member = await access.service(connection, service_id)
        service = await queries.get_service(connection, platform.database.cipher, service_id)
        found = await queries.list_results(
            connection, service, limit=cut.limit + 1, before=queries.read_slot_key(cut)
        )
    page, next_cursor = cut_rows(
        found, cut, lambda result: (result.slot.isoformat(), str(result.attempt))
    )
    is_whole = member.has(Permission.SERVICE_WRITE)
    items = [queries.show_result(result, is_whole=is_whole) for result in page]
    return render(ResultPage(items=items, next_cursor=next_cursor))
