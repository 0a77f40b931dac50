"""Errors as RFC 9457 problem documents: what happened, what it means, what to do."""

import logging
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from allgreen.errors import (
    AllgreenError,
    BusyError,
    FieldProblem,
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
    NotSignedInError,
    OtherAddressError,
    ProofNeededError,
    StorageFullError,
    StorageUnavailableError,
    TooManyError,
    VersionConflictError,
)

MEDIA_TYPE = "application/problem+json"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldError:
    """Why one field cannot be saved; `field` is a dotted path into what was sent."""

    field: str
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """An error, as RFC 9457 writes it; `code` is the stable word for programs."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldError] | None = None


@dataclass(frozen=True, slots=True)
class _Kind:
    status: int
    code: str
    title: str


_KINDS: Mapping[type[AllgreenError], _Kind] = {
    NotSignedInError: _Kind(401, "not_signed_in", "You are not signed in"),
    NotAllowedError: _Kind(403, "not_allowed", "Your role does not allow this"),
    ProofNeededError: _Kind(403, "proof_needed", "Is it you?"),
    OtherAddressError: _Kind(403, "other_address", "This is for another address"),
    NotFoundError: _Kind(404, "not_found", "Not found"),
    VersionConflictError: _Kind(412, "version_conflict", "Someone else saved first"),
    InvalidInputError: _Kind(422, "invalid", "Some fields need another look"),
    TooManyError: _Kind(429, "too_many", "Too many at once"),
    BusyError: _Kind(503, "unavailable", "Busy for a moment"),
    StorageUnavailableError: _Kind(503, "unavailable", "The database does not answer"),
    StorageFullError: _Kind(507, "storage_full", "The disk is full"),
}
_STORAGE_DETAILS: Mapping[type[AllgreenError], str] = {
    # The messages of storage errors name files and hosts: they are for the operator's log.
    StorageUnavailableError: "Nothing was changed. Try again in a moment; the log says more.",
    StorageFullError: "Nothing was saved: the server's disk is full. Tell who runs it.",
}
_HTTP_CODES = {
    400: ("unreadable", "This request cannot be read"),
    403: ("not_allowed", "This is not allowed"),
    404: ("not_found", "Not found"),
    405: ("method_not_allowed", "This address does not do that"),
    413: ("too_large", "This request is too large"),
    415: ("not_json", "Send JSON"),
    503: ("unavailable", "Busy for a moment"),
}
RETRY_LATER_S = 5


def answer_problem(
    status: int,
    code: str,
    title: str,
    detail: str,
    *,
    errors: Sequence[FieldProblem] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Build the answer that tells a problem; nothing in it can fail to be encoded."""
    document: dict[str, object] = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": _text(detail),
        "code": code,
    }
    if errors:
        document["errors"] = [
            {"field": _text(e.field), "code": e.code, "message": _text(e.message)} for e in errors
        ]
    return Response(
        orjson.dumps(document), status, headers=dict(headers or {}), media_type=MEDIA_TYPE
    )


def answer_error(error: AllgreenError) -> Response:
    """Build the answer of one of our own errors."""
    kind = next((_KINDS[cls] for cls in type(error).__mro__ if cls in _KINDS), None)
    if kind is None:
        return answer_fault(error)
    if isinstance(error, StorageUnavailableError):
        # A full disk is told by those who watch, once: a line for each request would fill it more.
        logger.error("Storage: %s", error)
    detail = _STORAGE_DETAILS.get(type(error), str(error))
    errors = error.problems if isinstance(error, InvalidInputError) else ()
    return answer_problem(
        kind.status, kind.code, kind.title, detail, errors=errors, headers=_headers_of(error, kind)
    )


def answer_fault(error: Exception) -> Response:
    """Build the answer of a fault of ours: a reference to the log, and nothing of the cause."""
    reference = secrets.token_hex(4)
    logger.error("Fault %s", reference, exc_info=error)
    return answer_problem(
        500, "fault", "Something broke here", f"It was logged as {reference}. Try again."
    )


def answer_too_large(most_bytes: int) -> Response:
    """Build the answer to a body that is not read."""
    code, title = _HTTP_CODES[413]
    return answer_problem(413, code, title, too_large(most_bytes))


def too_large(most_bytes: int) -> str:
    """Return how much may be sent, as a sentence."""
    return f"At most {most_bytes // 1024**2} MiB can be sent here at once."


def install(app: FastAPI) -> None:
    """Let `app` answer every error as a problem."""
    app.add_exception_handler(AllgreenError, _on_allgreen_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(ClientDisconnect, _on_disconnect)


async def _on_allgreen_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, AllgreenError)
    return answer_error(error)


async def _on_invalid_request(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    problems = [_field_problem(entry) for entry in error.errors()]
    return answer_error(InvalidInputError(problems))


async def _on_http_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code, title = _HTTP_CODES.get(error.status_code, ("refused", "This request was refused"))
    # Ours says how much may be sent; the words of all others are for developers.
    detail = error.detail if error.status_code == 413 else _DETAILS.get(code, title)
    return answer_problem(error.status_code, code, title, detail, headers=error.headers)


async def _on_disconnect(request: Request, _error: Exception) -> Response:
    """Answer a body that ended before its end: nobody reads it, and it is no fault of ours."""
    return await _on_http_error(request, HTTPException(400))


_DETAILS = {
    "unreadable": "The body is not UTF-8 text, or not JSON.",
    "not_found": "There is nothing at this address.",
    "unavailable": "Too much is being sent here at once. Try again in a few seconds.",
}


def _headers_of(error: AllgreenError, kind: _Kind) -> dict[str, str]:
    if isinstance(error, TooManyError | BusyError):
        return {"Retry-After": str(error.retry_after_s)}
    return {"Retry-After": str(RETRY_LATER_S)} if kind.status == 503 else {}


def _field_problem(entry: Mapping[str, object]) -> FieldProblem:
    loc, context = entry.get("loc", ()), entry.get("ctx", {})
    assert isinstance(loc, Sequence)
    assert isinstance(context, Mapping)
    where = loc[1:] if loc and loc[0] in ("body", "query", "path", "header") else loc
    kind = str(entry.get("type", ""))
    if kind == "json_invalid":
        return FieldProblem(field="", code="json", message="This is not JSON that can be read.")
    message = _sentence(kind, context) or str(entry.get("msg", "This cannot be used."))
    return FieldProblem(field=".".join(map(str, where)), code=_word(kind), message=message)


def _sentence(kind: str, context: Mapping[str, object]) -> str | None:
    """Return a sentence that says what to change; `None` for a kind without one."""
    if kind == "value_error":
        return str(context.get("error", ""))
    if kind in ("enum", "literal_error"):
        return f"Use one of these: {str(context.get('expected', '')).replace(chr(39), '')}."
    template = _SENTENCES.get(kind)
    return template.format_map(context) if template else None


def _word(kind: str) -> str:
    return {"missing": "missing", "value_error": "invalid"}.get(kind, kind)


_SENTENCES = {
    "missing": "This is needed.",
    "extra_forbidden": "This field is not known. Leave it out.",
    "string_type": "Write text.",
    "string_unicode": "This holds a character that does not exist. Remove it.",
    "string_too_short": "Write at least {min_length} characters.",
    "string_too_long": "Use at most {max_length} characters.",
    "int_type": "Write a whole number.",
    "int_parsing": "Write a whole number.",
    "int_parsing_size": "This number is too large.",
    "int_from_float": "Write a whole number.",
    "float_type": "Write a number.",
    "float_parsing": "Write a number.",
    "finite_number": "Write a number.",
    "bool_type": "Write true or false.",
    "bool_parsing": "Write true or false.",
    "greater_than_equal": "Use {ge} or more.",
    "less_than_equal": "Use {le} or less.",
    "too_short": "Send at least {min_length}.",
    "too_long": "Send at most {max_length}.",
    "list_type": "Send a list.",
    "model_attributes_type": "Send an object.",
    "model_type": "Send an object.",
    "dict_type": "Send an object.",
}


def _text(text: str) -> str:
    # Names of fields come from whoever sent them, lone surrogates included.
    return text.encode("utf-8", "replace").decode("utf-8")
