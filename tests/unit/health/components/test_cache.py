"""Caches: clients that are pinged, memory that is written to and read, and both."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from types import SimpleNamespace
from typing import Any

import pytest

from allgreen.domain.status import ComponentStatus, HealthStatus
from allgreen.errors import SettingsError
from allgreen.health.components.cache import cache
from tests.unit.health.components.taking import take_check

HEALTHY, DEGRADED, UNHEALTHY = HealthStatus


class Redis:
    """A client as redis-py has it."""

    def __init__(self, answer: object = True) -> None:
        self.answer = answer

    def ping(self) -> object:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class AsyncRedis(Redis):
    """The same, to be awaited."""

    async def ping(self) -> object:
        return super().ping()


class Store:
    """A cache with get and set."""

    def __init__(self) -> None:
        self.values: dict[str, object] = {}
        self.timeouts: list[float | None] = []

    def get(self, key: str) -> object:
        return self.values.get(key)

    def set(self, key: str, value: object, timeout: float | None = None) -> None:
        self.values[key] = value
        self.timeouts.append(timeout)

    def delete(self, key: str) -> None:
        del self.values[key]


class AsyncStore:
    """The same, to be awaited, with other names and without delete."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}

    async def get(self, key: str) -> object:
        return self.values[key]

    async def set(self, key: str, value: str, ttl: float = 0) -> None:
        assert ttl
        self.values[key] = value.encode()


class ForgetfulStore(Store):
    """Loses what it is given."""

    def get(self, key: str) -> object:
        return None


class Shelf(MutableMapping[str, object]):
    """A mapping that is no dict."""

    def __init__(self) -> None:
        self.kept: dict[str, object] = {}
        self.written: list[str] = []

    def __getitem__(self, key: str) -> object:
        return self.kept[key]

    def __setitem__(self, key: str, value: object) -> None:
        self.written.append(key)
        self.kept[key] = value

    def __delitem__(self, key: str) -> None:
        del self.kept[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.kept)

    def __len__(self) -> int:
        return len(self.kept)


def read(*args: Any, **options: Any) -> ComponentStatus:
    return take_check(cache(*args, **options))


DOWN = ConnectionError("Error 111 connecting to redis://:hunter2@cache:6379")


@pytest.mark.parametrize("answer", [True, "PONG", b"PONG", {"node 1": True, "node 2": True}])
@pytest.mark.parametrize("kind", [Redis, AsyncRedis])
def test_a_client_that_answers_is_healthy(kind: type[Redis], answer: object) -> None:
    found = read(kind(answer))

    assert (found.status, found.metadata) == (HEALTHY, {"redis": "ok"})


@pytest.mark.parametrize("answer", [False, None, {"node 1": True, "node 2": False}, DOWN])
@pytest.mark.parametrize("kind", [Redis, AsyncRedis])
def test_a_client_that_does_not_is_unhealthy(kind: type[Redis], answer: object) -> None:
    found = read(kind(answer))

    assert (found.status, found.metadata) == (UNHEALTHY, {"redis": "error"})
    assert "failed" in found.message
    assert "hunter2" not in found.message


@pytest.mark.parametrize("kind", [Redis, AsyncRedis])
def test_with_redis_and_memory_both_are_told(kind: type[Redis]) -> None:
    found = read(kind(), memory=Store())

    assert (found.status, found.metadata) == (HEALTHY, {"redis": "ok", "memory": "ok"})


@pytest.mark.parametrize("kind", [Redis, AsyncRedis])
def test_memory_without_redis_is_degraded(kind: type[Redis]) -> None:
    found = read(kind(DOWN), memory=Store())

    assert (found.status, found.metadata) == (DEGRADED, {"redis": "error", "memory": "ok"})
    assert found.message.startswith("Cache works in part: redis: ConnectionError")


def test_redis_without_memory_is_degraded() -> None:
    found = read(Redis(), memory=ForgetfulStore())

    assert (found.status, found.metadata) == (DEGRADED, {"redis": "ok", "memory": "error"})


def test_neither_is_unhealthy() -> None:
    assert read(Redis(DOWN), memory=ForgetfulStore()).status is UNHEALTHY


def test_memory_alone_may_be_the_client() -> None:
    assert read(Store()).metadata == {"memory": "ok"}


def test_a_store_is_written_to_for_seconds_and_left_as_it_was() -> None:
    store = Store()
    store.values["mine"] = 1

    assert read(store).status is HEALTHY

    assert (store.values, store.timeouts) == ({"mine": 1}, [10])


def test_a_store_that_is_awaited_and_gives_bytes() -> None:
    assert read(memory=AsyncStore()).status is HEALTHY


def test_a_store_whose_signature_cannot_be_read() -> None:
    class Setter:
        __signature__ = "as of a function that was written in C"

        def __init__(self, values: dict[str, object]) -> None:
            self._values = values

        def __call__(self, key: str, value: object) -> None:
            self._values[key] = value

    values: dict[str, object] = {}

    assert read(SimpleNamespace(get=values.get, set=Setter(values))).status is HEALTHY
    assert read(SimpleNamespace(get=values.get, set=values.__setitem__)).status is HEALTHY


def test_a_mapping_is_written_to_and_left_as_it_was() -> None:
    shelf = Shelf()

    assert read(shelf).status is HEALTHY

    assert len(shelf.written) == 1
    assert shelf.written[0].startswith("allgreen:")
    assert not shelf.kept


def test_a_plain_dict_is_only_looked_into() -> None:
    class Watched(dict[str, int]):
        def __setitem__(self, key: str, value: int) -> None:
            raise AssertionError("somebody may be going through it")

    assert read(Watched(a=1)).status is HEALTHY


@pytest.mark.parametrize(
    ("stats", "status"),
    [
        ({"redis": {"status": "ok"}, "memory": {"status": "normal"}}, HEALTHY),
        ({"redis": {"status": "error"}, "memory": {"status": "normal"}}, DEGRADED),
        ({"memory": {"status": "unavailable"}}, DEGRADED),
        ({"error": "no connection"}, DEGRADED),
        ("hits: 5", HEALTHY),
    ],
)
def test_what_a_cache_says_of_itself_is_believed(stats: object, status: HealthStatus) -> None:
    found = read(stats_source=lambda: stats)

    assert found.status is status
    assert found.metadata["stats"] == stats


def test_statistics_that_cannot_be_read_make_it_degraded() -> None:
    found = read(Redis(), stats_source=object())

    assert found.status is DEGRADED


@pytest.mark.parametrize("client", [None, object(), "redis://localhost"])
def test_what_cannot_be_asked_is_refused(client: object) -> None:
    with pytest.raises(SettingsError, match="cache"):
        cache(client)
