"""Django: the health endpoint as a middleware, and as URL patterns.

The middleware is the better one. First in ``MIDDLEWARE`` it answers before the host is checked,
people are redirected to HTTPS or asked to sign in, and a session or a transaction is begun.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any, Final, final

from allgreen.errors import MissingExtraError, SettingsError
from allgreen.health.serving.endpoint import HealthEndpoint
from allgreen.health.serving.exchange import Response
from allgreen.integrations.paths import read_prefix, strip_prefix
from allgreen.integrations.wsgi import read_request

# Django comes without types.
try:
    from django.conf import settings  # type: ignore[import-untyped]
    from django.db import close_old_connections, connections, transaction  # type: ignore[import-untyped]  # fmt: skip
    from django.http import HttpRequest, HttpResponse  # type: ignore[import-untyped]
    from django.urls import URLPattern, re_path  # type: ignore[import-untyped]
    from django.utils.deprecation import MiddlewareMixin  # type: ignore[import-untyped]
    from django.utils.module_loading import import_string  # type: ignore[import-untyped]
    from django.views.decorators.csrf import csrf_exempt  # type: ignore[import-untyped]
except ImportError as error:
    raise MissingExtraError("django", "django") from error

ENDPOINT_SETTING: Final = "ALLGREEN_ENDPOINT"
PREFIX_SETTING: Final = "ALLGREEN_PREFIX"

GetResponse = Callable[[HttpRequest], Any]


@final
class HealthMiddleware(MiddlewareMixin):  # type: ignore[misc]  # it has no types either
    """Answers on the paths of the endpoint, and hands everything else on.

    For programs on WSGI and on ASGI. It reads two settings: ``ALLGREEN_ENDPOINT``, which is a
    `HealthEndpoint`, what returns one, or where to import either from; and ``ALLGREEN_PREFIX``,
    the path below which it is.

    Raises:
        SettingsError: There is no endpoint in the settings, or the prefix is no path.
    """

    def __init__(self, get_response: GetResponse) -> None:
        super().__init__(get_response)
        self._endpoint = find_endpoint()
        self._prefix = read_prefix(getattr(settings, PREFIX_SETTING, ""))

    def __call__(self, request: HttpRequest) -> HttpResponse | Awaitable[HttpResponse]:
        """Answer one request, or hand it on."""
        below = strip_prefix(request.path_info, self._prefix)
        if below is None or not self._endpoint.answers(below):
            return self.get_response(request)
        self._endpoint.listen_for_sigterm()
        if self.async_mode:
            return self._answer_async(request, below)
        return _convert(self._endpoint.respond(read_request(request.META, below)))

    async def _answer_async(self, request: HttpRequest, below: str) -> HttpResponse:
        return _convert(await self._endpoint.respond_async(read_request(request.META, below)))


def health_urls(endpoint: HealthEndpoint | None = None) -> list[URLPattern]:
    """Return URL patterns of an endpoint, for ``urlpatterns`` or for `django.urls.include`.

    What stands in ``MIDDLEWARE`` comes before these. They begin no transaction, whatever
    ``ATOMIC_REQUESTS`` says.

    Args:
        endpoint: What is answered; by default what the settings name.
    """
    answering = endpoint or find_endpoint()
    return [
        re_path(rf"^{re.escape(path[1:])}/?$", _make_view(answering, path), name=f"allgreen{path}")
        for path in answering.paths
    ]


def find_endpoint() -> HealthEndpoint:
    """Return the endpoint that the settings name.

    Raises:
        SettingsError: They name none.
    """
    named = getattr(settings, ENDPOINT_SETTING, None)
    found = import_string(named) if isinstance(named, str) else named
    if callable(found):
        found = found()
    if isinstance(found, HealthEndpoint):
        return found
    raise SettingsError(
        ENDPOINT_SETTING,
        f"This is the HealthEndpoint of the program, what returns it, or where to import it from, "
        f"and not {named!r}.",
    )


def close_connections() -> None:
    """Close what a thread holds open of the database for too long, or what is broken.

    For the options ``before`` and ``after`` of a `CheckRunner`: its threads are not those of
    requests, after which Django does so itself.
    """
    close_old_connections()


def _make_view(endpoint: HealthEndpoint, path: str) -> Callable[..., HttpResponse]:
    def answer(request: HttpRequest) -> HttpResponse:
        return _convert(endpoint.respond(read_request(request.META, path)))

    view: Callable[..., HttpResponse] = csrf_exempt(answer)  # the endpoint refuses it, and says so
    for alias in connections:
        view = transaction.non_atomic_requests(using=alias)(view)
    return view


def _convert(response: Response) -> HttpResponse:
    return HttpResponse(response.body, status=response.status, headers=dict(response.headers))
