"""create_app: puts routes, middleware and the platform together; chooses the adapters."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, nullcontext
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from pydantic import TypeAdapter
from starlette.responses import Response
from starlette.routing import BaseRoute

from allgreen import __version__
from allgreen.bootstrap import Monitor, MonitorOptions
from allgreen.domain.flapping import FlapRule
from allgreen.domain.notice import Channel, Notice
from allgreen.errors import NotFoundError
from allgreen.executors.canary import build_canaries
from allgreen.executors.http import build_user_agent
from allgreen.executors.kinds import Previews, build_executors
from allgreen.executors.throttle import HostThrottle
from allgreen.monitoring.keeper import Retention
from allgreen.notifiers.email import EmailNotifier
from allgreen.notifiers.log import LogNotifier
from allgreen.notifiers.stationery import LetterLinks
from allgreen.outbound.guard import TargetGuard
from allgreen.outbound.http import HttpClient
from allgreen.outbound.pace import HostPace
from allgreen.outbound.resolver import Resolver
from allgreen.outbound.route import Router
from allgreen.outbound.tls import TlsPolicies
from allgreen.ports import Canary, Clock, Notifier
from allgreen.server import middleware, problems
from allgreen.server.accounts import routes as accounts
from allgreen.server.catalog import routes as catalog
from allgreen.server.dashboard import routes as dashboard
from allgreen.server.devices import DeviceSigner
from allgreen.server.frontend import BUNDLE, build_frontend
from allgreen.server.github import routes as github
from allgreen.server.history import routes as history
from allgreen.server.incidents import routes as incidents
from allgreen.server.instance import routes as instance
from allgreen.server.invitations import routes as invitations
from allgreen.server.keys import routes as keys
from allgreen.server.limits import Limits
from allgreen.server.links import LinkSigner
from allgreen.server.live import routes as live
from allgreen.server.maintenance import routes as maintenance
from allgreen.server.members import routes as members
from allgreen.server.operation import routes as operation
from allgreen.server.operation.disk import telling_of_a_full_disk
from allgreen.server.pages import render_page
from allgreen.server.passwords import PasswordPool
from allgreen.server.photos.darkroom import MOST_BYTES as LARGEST_PHOTO
from allgreen.server.photos.darkroom import Darkroom
from allgreen.server.platform import Platform
from allgreen.server.profiles import routes as profiles
from allgreen.server.recent import AnswerRecent, ForgettingBroker, RecentAnswers
from allgreen.server.recipients import routes as recipients
from allgreen.server.settings import Settings
from allgreen.server.setup import routes as setup
from allgreen.server.shelf import PublicShelf
from allgreen.server.status_pages import routes as status_pages
from allgreen.server.system import SystemClock, new_id
from allgreen.server.wire import API
from allgreen.server.workspaces import routes as workspaces
from allgreen.storage.sql.checks import next_due_at
from allgreen.storage.sql.database import Database
from allgreen.storage.sql.reserve import RESERVE_BYTES
from allgreen.transports.local import LocalCheckSource, LocalEventBroker, LocalResultSink

logger = logging.getLogger(__name__)


@cache
def _routes() -> list[BaseRoute]:
    """Return the routes, made once: what FastAPI reads from signatures takes it a quarter second."""
    router = APIRouter()
    for capability in (
        setup,
        accounts,
        dashboard,
        workspaces,
        members,
        invitations,
        history,
        catalog,
        incidents,
        recipients,
        maintenance,
        profiles,
        github,
        keys,
        instance,
        live,
        status_pages,
    ):
        router.include_router(capability.router, prefix=API)
    router.include_router(operation.router)
    for pages in (
        accounts.pages,
        github.pages,
        profiles.pages,
        recipients.pages,
        status_pages.pages,
    ):
        router.include_router(pages)
    return router.routes


def build_routes() -> FastAPI:
    """Return the application with its routes, without anything that they work with."""
    app = FastAPI(
        title="Allgreen",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        redirect_slashes=False,
        routes=_routes(),
    )
    app.openapi = lambda: _document(app)  # type: ignore[method-assign]  # FastAPI's documented way
    return app


def create_app(platform: Platform, *, bundle: Path = BUNDLE) -> FastAPI:
    """Return the application that serves a platform, with the front end that was built."""
    app = build_routes()
    app.include_router(build_frontend(bundle))
    app.state.platform = platform
    headers = middleware.security_headers(platform.settings)
    problems.install(app)
    app.add_exception_handler(NotFoundError, _on_not_found)
    app.add_exception_handler(Exception, _fault_handler(headers))
    # The last one added is the outermost.
    app.add_middleware(middleware.SameOrigin, settings=platform.settings)
    app.add_middleware(middleware.BodyLimit, larger={profiles.PHOTO: LARGEST_PHOTO})
    app.add_middleware(AnswerRecent, recent=platform.recent)
    app.add_middleware(middleware.KeyAlone)
    app.add_middleware(middleware.SecurityHeaders, headers=headers)
    return app


@asynccontextmanager
async def open_platform(
    settings: Settings, *, clock: Clock | None = None, watches: bool = True, is_guest: bool = False
) -> AsyncIterator[Platform]:
    """Open the database, bring its schema up to date, and watch until the block is left.

    Args:
        settings: What the environment asks for.
        clock: The system's when absent.
        watches: Run checks, send messages and keep sums; else only requests are served.
        is_guest: Only look in, also while another process serves the same database.

    Raises:
        SettingsError: A setting cannot be used.
        StorageError: The database cannot be opened, or belongs to another process.
    """
    clock = clock or SystemClock()
    secret_key = settings.read_secret_key()
    links = LinkSigner(secret_key, settings.base_url)
    guard = TargetGuard.parse(settings.allow_targets)
    resolver = Resolver(settings.resolver)
    pace = HostPace(guard)
    throttle = HostThrottle(pace)
    router = Router(guard=guard, resolver=resolver, pace=pace)
    tls = TlsPolicies()
    client = HttpClient(guard=guard, resolver=resolver, tls=tls, pace=pace)
    executors = build_executors(
        client,
        router,
        tls,
        clock=clock,
        user_agent=build_user_agent(__version__, settings.public_url),
    )
    # Apart from the pace: what is checked may never use up the word on our own network.
    canary_client = HttpClient(guard=guard, resolver=resolver, tls=tls)
    canary_router = Router(guard=guard, resolver=resolver)
    canaries = _build_canaries(settings, canary_router, canary_client)
    passwords, darkroom = PasswordPool(), Darkroom()
    try:
        async with _database(settings, secret_key, is_guest=is_guest) as database:
            if not is_guest and (applied := await database.migrate()):
                logger.info("Brought the database up to date: %s", ", ".join(applied))
            await database.check_key()
            recent = RecentAnswers(clock)
            public = PublicShelf(clock)
            broker = ForgettingBroker(LocalEventBroker(), recent, public.forget)
            source = LocalCheckSource(
                database.light_unit_of_work, clock, look=lambda: _look_ahead(database)
            )
            monitor = Monitor(
                unit_of_work=database.urgent_unit_of_work,
                light_unit_of_work=database.light_unit_of_work,
                prompt_unit_of_work=database.prompt_unit_of_work,
                executors=executors,
                turn=throttle.turn,
                notifiers={Channel.EMAIL: _choose_notifier(settings, links.of_notice, clock)},
                clock=clock,
                ids=new_id,
                source=source,
                sink=LocalResultSink(),
                broker=broker,
                canaries=canaries,
                options=_options(settings),
            )
            telling = telling_of_a_full_disk(database, clock, new_id, monitor.wake_dispatcher)
            async with monitor if watches else nullcontext(), telling:
                yield Platform(
                    settings=settings,
                    clock=clock,
                    new_id=new_id,
                    database=database,
                    bus=monitor.bus,
                    broker=broker,
                    wake_agent=source.ring,
                    wake_dispatcher=monitor.wake_dispatcher,
                    figures=monitor.figures,
                    preview=Previews(executors, throttle, clock=clock).run,
                    guard=guard,
                    passwords=passwords,
                    darkroom=darkroom,
                    limits=Limits(clock.monotonic),
                    links=links,
                    devices=DeviceSigner(secret_key),
                    recent=recent,
                    public=public,
                )
    finally:
        passwords.close()
        darkroom.close()
        await canary_client.aclose()
        await client.aclose()


def _database(settings: Settings, secret_key: str, *, is_guest: bool) -> Database:
    reserve_bytes = 0 if is_guest else RESERVE_BYTES
    return Database(settings.database, secret_key, reserve_bytes=reserve_bytes, is_guest=is_guest)


def _choose_notifier(
    settings: Settings, links: Callable[[Notice], LetterLinks], clock: Clock
) -> Notifier:
    if settings.smtp_url is None:
        logger.warning(
            "No mail server is set (ALLGREEN_SMTP_URL): messages are kept, shown to the owners "
            "and logged, but nobody gets a mail"
        )
        return LogNotifier(clock=clock)
    return EmailNotifier(
        settings.smtp_url.get_secret_value(),
        public_url=settings.base_url,
        links=links,
        clock=clock,
    )


def _build_canaries(settings: Settings, router: Router, client: HttpClient) -> Sequence[Canary]:
    if not settings.canaries:
        logger.warning(
            "No canaries are set (ALLGREEN_CANARIES): when the network of this machine is down, "
            "every service looks as if it were down"
        )
    return build_canaries(
        settings.canaries,
        router=router,
        client=client,
        user_agent=build_user_agent(__version__, settings.public_url),
    )


async def _look_ahead(database: Database) -> datetime | None:
    """Find out when the next check is due, without a turn of the one writer of SQLite."""
    async with database.read() as connection:
        return await next_due_at(connection)


def _options(settings: Settings) -> MonitorOptions:
    return MonitorOptions(
        concurrency=settings.concurrency,
        delay_scale=settings.backoff_scale,
        flap_rule=FlapRule(turns=settings.flapping_turns),
        retention=Retention(raw=timedelta(days=settings.keep_results_days)),
    )


async def _on_not_found(request: Request, error: Exception) -> Response:
    """Tell people who followed a link in a mail in words, and programs as a problem."""
    assert isinstance(error, NotFoundError)
    is_page = not request.url.path.startswith(f"{API}/") and error.what == "link"
    if not is_page or "text/html" not in request.headers.get("accept", ""):
        return problems.answer_error(error)
    return render_page(
        "done.html",
        status=404,
        title="This link does not work any more",
        text="It was used already, is too old, or was cut off on its way. The newest mail has a "
        "link that works.",
    )


def _fault_handler(
    headers: dict[str, str],
) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def answer(_request: Request, error: Exception) -> Response:
        # This answer is made outside of all middleware, so it brings the headers itself.
        response = problems.answer_fault(error)
        response.headers.update(headers)
        return response

    return answer


def _document(app: FastAPI) -> dict[str, Any]:
    """Return the API document, with the shape of problems that every operation names."""
    document = FastAPI.openapi(app)
    schemas = document["components"]["schemas"]
    if "Problem" not in schemas:
        problem = TypeAdapter(problems.Problem).json_schema(
            ref_template="#/components/schemas/{model}", mode="serialization"
        )
        schemas |= problem.pop("$defs") | {"Problem": problem}
        document["components"]["schemas"] = dict(sorted(schemas.items()))
    return document
