"""create_app: puts routes, middleware and the monitor together; chooses the adapters."""

from typing import Any

from fastapi import FastAPI
from pydantic import TypeAdapter

from allgreen import __version__
from allgreen.server import problems
from allgreen.server.accounts import routes as accounts
from allgreen.server.catalog import routes as catalog
from allgreen.server.incidents import routes as incidents
from allgreen.server.live import routes as live
from allgreen.server.operation import routes as operation
from allgreen.server.recipients import routes as recipients
from allgreen.server.setup import routes as setup
from allgreen.server.wire import API
from allgreen.server.workspaces import routes as workspaces


def build_routes() -> FastAPI:
    """Return the application with its routes, without anything that they work with."""
    app = FastAPI(
        title="Allgreen",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        redirect_slashes=False,
    )
    for capability in (setup, accounts, workspaces, catalog, incidents, recipients, live):
        app.include_router(capability.router, prefix=API)
    app.include_router(operation.router)
    for capability in (accounts, recipients):
        app.include_router(capability.pages)
    problems.install(app)
    app.openapi = lambda: _document(app)  # type: ignore[method-assign]  # FastAPI's documented way
    return app


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
