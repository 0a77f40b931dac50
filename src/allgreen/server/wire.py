"""What travels: how inputs are read, how answers are written, and how lists are cut."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, TypeVar

import orjson
from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict, TypeAdapter, model_validator
from starlette.responses import Response

from allgreen.errors import InvalidInputError, VersionConflictError
from allgreen.server.problems import MEDIA_TYPE

API = "/api/v1"
MOST_FIELDS = 100
Row = TypeVar("Row")


class Input(BaseModel):
    """A body that people send: unknown fields are refused, so that no typo is ever swallowed."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _refuse_many(cls, given: object) -> object:
        # Else each of a hundred thousand unknown fields would be answered with a sentence.
        if isinstance(given, dict) and len(given) > MOST_FIELDS:
            raise ValueError("This has more fields than any form. Leave out what is not known.")
        return given


def render(answer: object, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Write an answer as JSON: instants as RFC 3339 with ``Z``."""
    return Response(encode(answer), status, headers=headers, media_type="application/json")


def encode(answer: Any) -> bytes:
    """Return the bytes of an answer."""
    kind: Any = type(answer)
    return _adapter(kind).dump_json(answer, by_alias=True)


def render_nothing() -> Response:
    """Answer that it is done."""
    return Response(status_code=204)


def version_tag(version: int) -> dict[str, str]:
    """Return the header that carries the version of an object."""
    return {"ETag": f'"{version}"'}


def read_version(if_match: str, what: str) -> int:
    """Return the version that ``If-Match`` names.

    Raises:
        VersionConflictError: It names none of ours, so nobody has read what is there.
    """
    text = if_match.strip().removeprefix("W/").strip('"')
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise VersionConflictError(what)
    return int(text)


def answers(model: Any, status: int = 200) -> dict[str, Any]:
    """Return what a route says of its answers in the API document.

    The body is written by `render`, so nothing is validated a second time on its way out.
    """
    good: dict[str, Any] = {"description": "Done"}
    if model is not None:
        good |= {"description": "The answer", "model": model}
    return {"status_code": status, "responses": {status: good, "default": PROBLEM}}


PROBLEM: dict[str, Any] = {
    "description": "What went wrong, and what to do (RFC 9457)",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Which part of a list is asked for.

    Attributes:
        limit: How many at most.
        after: Sort key of the last one seen; `None` for the begin.
    """

    limit: int
    after: tuple[str, ...] | None = None


def cut_rows(
    rows: Sequence[Row], cut: Cut, key: Callable[[Row], tuple[str, ...]]
) -> tuple[list[Row], str | None]:
    """Split rows into the page that was asked for and the cursor of the next.

    Args:
        rows: One more than the limit, when there are more.
        cut: What was asked for.
        key: Gives what the list is sorted by.
    """
    page = list(rows[: cut.limit])
    return page, write_cursor(*key(page[-1])) if len(rows) > cut.limit else None


def read_cut(
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> Cut:
    """Read ``?limit=&cursor=``.

    Raises:
        InvalidInputError: The cursor is not one of ours.
    """
    return Cut(limit=limit, after=None if cursor is None else _read_cursor(cursor))


Page = Annotated[Cut, Depends(read_cut)]


def write_cursor(*key: str) -> str:
    """Return the opaque cursor that stands behind an item with this sort key."""
    return urlsafe_b64encode(orjson.dumps(key)).decode().rstrip("=")


def foreign_cursor() -> InvalidInputError:
    """Return the answer to a cursor that is not one of this list."""
    return InvalidInputError.at(
        "cursor", "cursor", "Use next_cursor of the page before, or leave it out."
    )


def _read_cursor(cursor: str) -> tuple[str, ...]:
    try:
        key = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        key = None
    if not isinstance(key, list) or not key or not all(map(_is_sort_key, key)):
        raise foreign_cursor()
    return tuple(key)


def _is_sort_key(part: object) -> bool:
    return isinstance(part, str) and "\0" not in part  # PostgreSQL refuses a NUL


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
