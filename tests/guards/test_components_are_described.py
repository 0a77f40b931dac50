"""docs/reference/components.md names every setting, check and field, and its example runs."""

from __future__ import annotations

import ast
import asyncio
import inspect
import pkgutil
import re
from collections.abc import Awaitable
from importlib import import_module
from types import FunctionType
from typing import Any

import pytest

from allgreen.domain.status import HealthStatus
from allgreen.health import components
from allgreen.health.checker.changes import Change
from allgreen.health.checker.checker import HealthChecker
from allgreen.health.config import settings
from allgreen.health.config.settings import HealthSettings
from tests.checkout import ROOT

PAGE = (ROOT / "docs/reference/components.md").read_text()
CHECKS = [
    module.name
    for module in pkgutil.iter_modules(components.__path__)
    if module.name not in ("steps", "figures")
]


def test_every_setting_is_described() -> None:
    variables = [
        value
        for value in vars(settings).values()
        if isinstance(value, str) and value.startswith("ALLGREEN_HEALTH_")
    ]
    rows = dict(re.findall(r"^\| `(ALLGREEN_HEALTH_\w+)` \| `(\w+)` \|", PAGE, re.MULTILINE))

    assert sorted(rows) == sorted(variables)
    assert set(rows.values()) == set(HealthSettings.__dataclass_fields__)


@pytest.mark.parametrize("name", CHECKS)
def test_every_check_is_described_with_its_arguments(name: str) -> None:
    check = getattr(import_module(f"{components.__name__}.{name}"), name)
    told = re.search(rf"^\| `{name}\((.*?)\)` \|", PAGE, re.MULTILINE)

    assert told is not None
    known = inspect.signature(check).parameters
    words = re.findall(r"\w+", told[1])
    assert [word for word in words if word not in known] == []


def test_every_field_of_a_webhook_is_described() -> None:
    change = Change(
        id="1",
        name="search",
        status=HealthStatus.HEALTHY,
        before=HealthStatus.UNHEALTHY,
        message="",
        at=0.0,
        failures=1,
        outage_s=1.0,
    )

    assert [name for name in change.to_json() if f'"{name}":' not in PAGE] == []


def test_the_first_example_runs() -> None:
    code = PAGE.partition("```python\n")[2].partition("```")[0]
    compiled = compile(code, "components.md", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    names: dict[str, Any] = {"print": lambda _: None}
    ended = FunctionType(compiled, names)()
    assert isinstance(ended, Awaitable)
    asyncio.run(_settle(ended))

    checker = names["checker"]
    assert isinstance(checker, HealthChecker)
    assert checker.component_names == ("disk", "queue")


async def _settle(value: Awaitable[object]) -> None:
    await value
