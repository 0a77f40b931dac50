"""Who is told: what was sent, and the links by which people agree or leave."""

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import HTMLResponse, Response

from allgreen.domain.policy import Permission
from allgreen.server.auth.access import Access, guarded_router, permission
from allgreen.server.links import Purpose
from allgreen.server.pages import render_page
from allgreen.server.platform import get_platform
from allgreen.server.recipients import actions, queries, subscriptions
from allgreen.server.recipients.schemas import DeliveryPage, Subscription
from allgreen.server.wire import Page, answers, cut_rows, render, render_nothing

router = guarded_router("recipients")
pages = guarded_router("pages")


@router.get("/workspaces/{workspace_id}/deliveries", **answers(DeliveryPage))
async def list_deliveries(
    request: Request,
    workspace_id: str,
    cut: Page,
    access: Annotated[Access, permission(Permission.DELIVERY_READ)],
    incident: Annotated[str | None, Query(max_length=64)] = None,
) -> Response:
    """List the messages of a workspace, newest first, each with its text.

    Of one outage, if asked.
    """
    platform = get_platform(request)
    async with platform.database.read() as connection:
        member = await access.workspace(connection, workspace_id)
        found = await queries.list_deliveries(
            connection, member, cut, platform, incident_id=incident
        )
    items, next_cursor = cut_rows(found, cut, lambda delivery: (delivery.id,))
    return render(DeliveryPage(items=items, next_cursor=next_cursor))


@router.get("/services/{service_id}/subscription", **answers(Subscription))
async def get_subscription(
    request: Request,
    service_id: str,
    access: Annotated[Access, permission(Permission.SUBSCRIPTION_OWN)],
) -> Response:
    """Tell whether one is told about a service oneself, and how many are."""
    async with get_platform(request).database.read() as connection:
        member = await access.service(connection, service_id)
        return render(await subscriptions.load_subscription(connection, member, service_id))


@router.put("/services/{service_id}/subscription", **answers(Subscription))
async def subscribe(
    request: Request,
    service_id: str,
    access: Annotated[Access, permission(Permission.SUBSCRIPTION_OWN)],
) -> Response:
    """Be told about a service oneself, from now on."""
    return render(await subscriptions.subscribe(get_platform(request), access, service_id))


@router.delete("/services/{service_id}/subscription", **answers(None, 204))
async def unsubscribe(
    request: Request,
    service_id: str,
    access: Annotated[Access, permission(Permission.SUBSCRIPTION_OWN)],
) -> Response:
    """Be told nothing more about a service."""
    await subscriptions.unsubscribe(get_platform(request), access, service_id)
    return render_nothing()


@pages.get("/confirm/{token}", include_in_schema=False)
async def show_confirmation(
    request: Request, token: str, _access: Annotated[Access, permission(Permission.TOKEN)]
) -> HTMLResponse:
    """Show a button: mail programs fetch links on their own, and must not act."""
    service = await actions.read_link(get_platform(request), token, Purpose.CONFIRM)
    return render_page(
        "question.html",
        title=f"Be told about {service.name}?",
        text="You get a mail when it is down, and one when it is up again. Nothing else.",
        button="Yes, tell me",
    )


@pages.post("/confirm/{token}", include_in_schema=False)
async def act_on_confirmation(
    request: Request, token: str, _access: Annotated[Access, permission(Permission.TOKEN)]
) -> HTMLResponse:
    """Tell this address from now on."""
    service = await actions.confirm(get_platform(request), token)
    return render_page(
        "done.html",
        title="You are on the list",
        text=f"You get a mail when {service.name} is down, and when it is up again.",
    )


@pages.get("/leave/{token}", include_in_schema=False)
async def show_leaving(
    request: Request, token: str, _access: Annotated[Access, permission(Permission.TOKEN)]
) -> HTMLResponse:
    """Show a button to leave a list."""
    service = await actions.read_link(get_platform(request), token, Purpose.LEAVE)
    return render_page(
        "question.html",
        title=f"Leave the list of {service.name}?",
        text="You get no more mails about it.",
        button="Leave the list",
    )


@pages.post("/leave/{token}", include_in_schema=False)
async def act_on_leaving(
    request: Request, token: str, _access: Annotated[Access, permission(Permission.TOKEN)]
) -> HTMLResponse:
    """Tell this address nothing more; mail programs do this by one click (RFC 8058)."""
    service = await actions.leave(get_platform(request), token)
    return render_page(
        "done.html",
        title="You left the list",
        text=f"You get no more mails about {service.name}.",
    )
