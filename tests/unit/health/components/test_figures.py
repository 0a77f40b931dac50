"""Figures of whatever counts something about itself."""

from __future__ import annotations

from typing import Any

import pytest

from allgreen.health.components.figures import read_figures
from allgreen.health.components.steps import take


class QueuePool:
    """As SQLAlchemy's."""

    def size(self) -> int:
        return 5

    def checkedin(self) -> int:
        return 1

    def checkedout(self) -> int:
        return 2

    def overflow(self) -> int:
        return -2


class AsyncpgPool:
    """As asyncpg's."""

    def get_size(self) -> int:
        return 4

    def get_idle_size(self) -> int:
        return 3

    def get_max_size(self) -> int:
        return 10


class NullPool:
    """As SQLAlchemy's pool that keeps nothing."""

    def status(self) -> str:
        return "NullPool"


class PsycopgPool:
    """As psycopg_pool's."""

    def get_stats(self) -> dict[str, int]:
        return {"pool_size": 4, "requests_waiting": 1}


@pytest.mark.parametrize(
    ("source", "figures"),
    [
        ({"hits": 5}, {"hits": 5}),
        (lambda: {"hits": 5}, {"hits": 5}),
        (QueuePool(), {"size": 5, "idle": 1, "in_use": 2, "overflow": 0}),
        (AsyncpgPool(), {"size": 10, "idle": 3, "in_use": 1}),
        (NullPool(), "NullPool"),
        (PsycopgPool(), {"pool_size": 4, "requests_waiting": 1}),
    ],
    ids=["mapping", "function", "sqlalchemy", "asyncpg", "null", "psycopg"],
)
def test_figures_are_read(source: Any, figures: object) -> None:
    assert take(read_figures(source)) == figures


def test_what_says_nothing_is_refused() -> None:
    with pytest.raises(TypeError, match="has no statistics"):
        take(read_figures(object()))
