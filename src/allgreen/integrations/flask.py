"""Flask: the health endpoint as a blueprint.

`allgreen.integrations.mounting.mount_healthcheck` puts it in front of the whole application
instead, where nothing that is registered for requests can stand in its way.
"""

from __future__ import annotations

from typing import Final

from allgreen.errors import MissingExtraError
from allgreen.health.serving.endpoint import HealthEndpoint
from allgreen.health.serving.exchange import Response as Answer
from allgreen.integrations.wsgi import read_request

try:
    from flask import Blueprint, Response, request
except ImportError as error:
    raise MissingExtraError("flask", "flask") from error

# The endpoint answers for all of them; Flask would answer without its headers.
METHODS: Final = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE")


def health_blueprint(
    endpoint: HealthEndpoint, *, name: str = "allgreen", prefix: str | None = None
) -> Blueprint:
    """Return a blueprint with every path of an endpoint.

    What an application does before each request is done here too, such as asking people to sign
    in.

    Args:
        endpoint: What is answered.
        name: Of the blueprint; a second one needs another.
        prefix: Path below which it is.
    """
    blueprint = Blueprint(name, __name__, url_prefix=prefix)

    for path in endpoint.paths:

        def view(path: str = path) -> Response:
            return _convert(endpoint.respond(read_request(request.environ, path)))

        blueprint.add_url_rule(
            path,
            endpoint=path.strip("/").replace("/", "_").replace(".", "_"),
            view_func=view,
            methods=METHODS,
            provide_automatic_options=False,
            strict_slashes=False,
        )
    return blueprint


def _convert(answer: Answer) -> Response:
    converted = Response(answer.body, answer.status)
    # Not as an argument: the length of an empty body would go before the one that HEAD tells.
    converted.headers.clear()
    converted.headers.extend(answer.headers)
    return converted
