"""Programs with the health endpoint in them, one for each way to mount it.

Each greets on ``/hello``, and is as unfriendly to everybody else as programs are: it knows one host,
redirects to HTTPS, and asks people to sign in.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from allgreen.domain.report import Detail
from allgreen.domain.status import ComponentStatus, HealthStatus, SystemHealthStatus
from allgreen.health.serving.access import Access
from allgreen.health.serving.endpoint import HealthEndpoint
from allgreen.health.serving.logs import HealthAccessFilter
from allgreen.health.serving.options import EndpointOptions
from allgreen.integrations.asgi import AsgiHealth, Receive, Scope, Send
from allgreen.integrations.mounting import HealthApp, mount_endpoint
from allgreen.integrations.wsgi import StartResponse, WsgiHealth
from tests.scripted_runner import ScriptedRunner, failed, passed, report_of

TOKEN = "correct-horse-battery"
HELLO = b"hello"


class Components:
    """Components of which one is not well."""

    async def check_all_components(self) -> SystemHealthStatus:
        """Say so."""
        listed = [
            ComponentStatus("ai_model", HealthStatus.HEALTHY),
            ComponentStatus("cache", HealthStatus.DEGRADED),
        ]
        return SystemHealthStatus.of(listed, report_of().made_at)


def make_endpoint() -> HealthEndpoint:
    """Make an endpoint that answers the same however often it is asked, in every process."""
    runner = ScriptedRunner(
        passed("pool", tags=["live", "startup"]), failed("database", tags=["ready"])
    )
    options = EndpointOptions(
        environment="production",
        version="4.12.0",
        access=Access(tokens={TOKEN: Detail.FULL}),
    )
    return HealthEndpoint(runner, options, components=Components())


def make_patient_endpoint() -> HealthEndpoint:
    """Make one that is ready, and holds a stop back; ``DRAIN_DELAY_S`` says for how long."""
    options = EndpointOptions(
        environment="production",
        drain_on_sigterm=True,
        drain_delay_s=float(os.environ["DRAIN_DELAY_S"]),  # noqa: TID251 - a test sets it,
    )
    return HealthEndpoint(ScriptedRunner(passed("pool", tags=["live", "ready"])), options)


# WSGI and ASGI --------------------------------------------------------------------------------


def greet_wsgi(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Greet."""
    status = "200 OK" if environ["PATH_INFO"] == "/hello" else "401 Unauthorized"
    start_response(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(HELLO)))])
    return [HELLO]


async def greet_asgi(scope: Scope, receive: Receive, send: Send) -> None:
    """Greet."""
    if scope["type"] == "lifespan":
        while True:
            stage = (await receive())["type"]
            await send({"type": f"{stage}.complete"})
            if stage == "lifespan.shutdown":
                return
    status = 200 if scope["path"] == "/hello" else 401
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"5")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": HELLO})


def make_wsgi() -> WsgiHealth:
    """Make a program of WSGI."""
    return WsgiHealth(greet_wsgi, make_endpoint())


def make_asgi() -> AsgiHealth:
    """Make a program of ASGI."""
    return AsgiHealth(greet_asgi, make_endpoint())


def make_patient_wsgi() -> WsgiHealth:
    """Make a program of WSGI that holds a stop back."""
    return WsgiHealth(greet_wsgi, make_patient_endpoint())


def make_patient_asgi() -> AsgiHealth:
    """Make a program of ASGI that holds a stop back."""
    return AsgiHealth(greet_asgi, make_patient_endpoint())


def make_quiet_wsgi() -> WsgiHealth:
    """Make a program of WSGI that keeps probes out of its access log."""
    for name in ("gunicorn.access", "werkzeug", "django.server"):
        logging.getLogger(name).addFilter(HealthAccessFilter())
    return make_wsgi()


def make_quiet_asgi() -> AsgiHealth:
    """Make a program of ASGI that keeps probes out of its access log."""
    logging.getLogger("uvicorn.access").addFilter(HealthAccessFilter())
    return make_asgi()


def make_quiet_django() -> Any:
    """Make a program of Django that keeps probes out of its access log."""
    made = make_django_wsgi()
    logging.getLogger("django.server").addFilter(HealthAccessFilter())
    return made


def make_alone() -> HealthApp:
    """Make the endpoint alone, for servers of both kinds."""
    return HealthApp(make_endpoint())


# Flask ----------------------------------------------------------------------------------------


def make_flask(*, as_blueprint: bool = False) -> Any:
    """Make a program of Flask that keeps sessions."""
    from flask import Flask, session

    app = Flask("greeting")
    app.secret_key = "not a secret"

    @app.get("/hello")
    def greet() -> str:
        return HELLO.decode()

    def refuse() -> Any:
        session["seen"] = True
        return ("sign in", 401)

    if as_blueprint:
        from allgreen.integrations.flask import health_blueprint

        app.register_blueprint(health_blueprint(make_endpoint()))
        return app
    mount_endpoint(app, make_endpoint())
    app.add_url_rule("/<path:path>", view_func=lambda path: refuse())
    app.before_request(lambda: None if _flask_path() == "/hello" else refuse())
    return app


def make_flask_blueprint() -> Any:
    """Make a program of Flask with the endpoint as a blueprint."""
    return make_flask(as_blueprint=True)


def _flask_path() -> str:
    from flask import request

    return request.path


# Django ---------------------------------------------------------------------------------------


def _set_up_django(**others: Any) -> None:
    import django  # type: ignore[import-untyped]
    from django.conf import settings  # type: ignore[import-untyped]

    settings.configure(
        DEBUG=False,
        SECRET_KEY="not a secret",
        ALLOWED_HOSTS=["known.example"],
        ROOT_URLCONF="tests.integration.health.django_urls",
        SECURE_SSL_REDIRECT=True,
        SECURE_REDIRECT_EXEMPT=["^hello$"],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": ":memory:",
                "ATOMIC_REQUESTS": True,
            }
        },
        MIDDLEWARE=[
            "allgreen.integrations.django.HealthMiddleware",
            "django.middleware.security.SecurityMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
        ],
        ALLGREEN_ENDPOINT="tests.integration.health.mounts.django_endpoint",
        **others,
    )
    django.setup()


def make_django_wsgi() -> Any:
    """Make a program of Django on WSGI with the middleware."""
    _set_up_django()
    from django.core.wsgi import get_wsgi_application  # type: ignore[import-untyped]

    return get_wsgi_application()


def make_django_asgi() -> Any:
    """Make a program of Django on ASGI with the middleware."""
    _set_up_django()
    from django.core.asgi import get_asgi_application  # type: ignore[import-untyped]

    return get_asgi_application()


def make_django_urls() -> Any:
    """Make a program of Django with the endpoint among its URL patterns."""
    _set_up_django()
    from django.conf import settings

    settings.MIDDLEWARE = settings.MIDDLEWARE[2:]
    settings.ALLOWED_HOSTS = ["*"]
    settings.APPEND_SLASH = False
    from django.core.wsgi import get_wsgi_application

    return get_wsgi_application()


def make_django_wrapped() -> Any:
    """Make a program of Django with the endpoint in front of its handler."""
    _set_up_django()
    from django.conf import settings

    settings.MIDDLEWARE = settings.MIDDLEWARE[1:]
    from django.core.wsgi import get_wsgi_application

    return mount_endpoint(get_wsgi_application(), make_endpoint())


# FastAPI and Starlette ------------------------------------------------------------------------


def make_fastapi() -> Any:
    """Make a program of FastAPI that knows one host, and gets a middleware after the mount."""
    from fastapi import FastAPI
    from starlette.middleware.trustedhost import TrustedHostMiddleware
    from starlette.responses import PlainTextResponse

    app = mount_endpoint(FastAPI(), make_endpoint())
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["known.example"])

    @app.get("/hello")  # type: ignore[untyped-decorator]  # what a mount returns has no type
    async def greet() -> PlainTextResponse:
        return PlainTextResponse(HELLO)

    return app


def make_fastapi_router() -> Any:
    """Make a program of FastAPI with the endpoint as a router."""
    from fastapi import FastAPI
    from starlette.responses import PlainTextResponse

    from allgreen.integrations.fastapi import health_router

    app = FastAPI(redirect_slashes=False)
    app.include_router(health_router(make_endpoint()))

    @app.get("/hello")
    async def greet() -> PlainTextResponse:
        return PlainTextResponse(HELLO)

    return app


def make_starlette() -> Any:
    """Make a program of Starlette that has begun to serve before the mount."""
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import PlainTextResponse, Response
    from starlette.routing import Route

    async def greet(request: Request) -> Response:
        return PlainTextResponse(HELLO)

    app = Starlette(routes=[Route("/hello", greet)])
    app.middleware_stack = app.build_middleware_stack()
    return mount_endpoint(app, make_endpoint())


# Servers that are part of a framework or of Python --------------------------------------------


class ThreadedServer(ThreadingMixIn, WSGIServer):
    """Answers each request in a thread of its own."""

    daemon_threads = True


class QuietHandler(WSGIRequestHandler):
    """Logs nothing."""

    def log_message(self, *_: Any) -> None:
        """Keep standard error for what matters."""


def serve_by_wsgiref(app: Any, port: int) -> None:
    """Serve with the server of the standard library."""
    make_server("127.0.0.1", port, app, handler_class=QuietHandler).serve_forever()


def serve_by_werkzeug(app: Any, port: int) -> None:
    """Serve with the server that Flask comes with."""
    from werkzeug.serving import run_simple

    run_simple("127.0.0.1", port, app, threaded=True)


def serve_by_django(app: Any, port: int) -> None:
    """Serve with the server that Django comes with."""
    from django.core.servers.basehttp import run  # type: ignore[import-untyped]

    run("127.0.0.1", port, app, threading=True)


SERVERS: dict[str, Callable[[Any, int], None]] = {
    "wsgiref": serve_by_wsgiref,
    "werkzeug": serve_by_werkzeug,
    "django": serve_by_django,
}


def __getattr__(name: str) -> Any:
    """Make the endpoint that the settings of Django name when it is asked for first."""
    if name == "django_endpoint":
        made = globals()[name] = make_endpoint()
        return made
    raise AttributeError(name)


if __name__ == "__main__":
    server, factory, port = sys.argv[1:]
    SERVERS[server](globals()[factory](), int(port))
