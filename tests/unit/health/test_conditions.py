"""Whether a check runs here: environments, and what a program says itself."""

from __future__ import annotations

from typing import Any

import pytest

from allgreen.errors import CheckDefinitionError
from allgreen.health.conditions import Conditions


def why_not(environment: str = "production", **options: object) -> str | None:
    return Conditions.of(**options).why_not(environment)


def test_without_a_condition_it_runs_everywhere() -> None:
    assert why_not("anywhere") is None


@pytest.mark.parametrize(
    ("options", "environment", "reason"),
    [
        ({"only": "production"}, "production", None),
        ({"only": "production"}, "staging", "Only runs in production"),
        ({"only": ["production", "staging"]}, "staging", None),
        ({"only": ("production", "staging")}, "test", "Only runs in production or staging"),
        ({"only": iter(["a", "b", "c"])}, "test", "Only runs in a, b or c"),
        ({"except_": "test"}, "test", "Does not run in test"),
        ({"except_": {"test"}}, "production", None),
        ({"except_": ["staging", "test"]}, "staging", "Does not run in staging"),
        ({"only": "production", "except_": "test"}, "production", None),
        ({"only": " Production "}, "production", None),
    ],
)
def test_environments(options: dict[str, Any], environment: str, reason: str | None) -> None:
    assert why_not(environment, **options) == reason


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"if_": True}, None),
        ({"if_": False}, "Its condition if_ is not met"),
        ({"if_": lambda: 1}, None),
        ({"if_": lambda: None}, "Its condition if_ is not met"),
        ({"unless": False}, None),
        ({"unless": True}, "Its condition unless is met"),
        ({"unless": lambda: ["busy"]}, "Its condition unless is met"),
        ({"unless": lambda: ""}, None),
        ({"if_": True, "unless": True}, "Its condition unless is met"),
    ],
)
def test_switches(options: dict[str, Any], reason: str | None) -> None:
    assert why_not(**options) == reason


def test_a_function_is_asked_each_time() -> None:
    answers = [True, False]
    conditions = Conditions.of(if_=answers.pop)

    assert conditions.why_not("test") is not None
    assert conditions.why_not("test") is None


def test_the_environment_is_asked_before_anything_is_called() -> None:
    def explode() -> bool:
        raise LookupError("not here")

    assert why_not("test", only="production", if_=explode) == "Only runs in production"


@pytest.mark.semantics("L12")
@pytest.mark.parametrize("option", ["if_", "unless"])
def test_what_a_condition_raises_is_passed_on(option: str) -> None:
    def explode() -> bool:
        raise LookupError("no such flag")

    with pytest.raises(LookupError, match="no such flag"):
        Conditions.of(**{option: explode}).why_not("test")


async def promise() -> bool:
    return True


def forgetful() -> object:
    return promise()


@pytest.mark.parametrize("option", ["if_", "unless"])
@pytest.mark.parametrize(
    "switch",
    [forgetful, lambda: (one for one in [False]), lambda: promise],
    ids=["something to await", "a generator", "a function"],
)
def test_what_says_neither_yes_nor_no_is_an_error(option: str, switch: Any) -> None:
    with pytest.raises(CheckDefinitionError, match=f"{option}=.*conditions are synchronous"):
        Conditions.of(**{option: switch}).why_not("test")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"if_": promise}, "cannot be an async function: conditions are synchronous"),
        ({"if_": "false"}, "if_= is True, False or a function without arguments, and not 'false'"),
        ({"unless": 0}, "unless= is True, False or a function without arguments, and not 0"),
        ({"only": []}, "only= names no environment"),
        ({"only": ""}, "only= names environments, and not ''"),
        ({"only": " "}, "only= names environments, and not ' '"),
        ({"only": 3}, "only= names environments, and not 3"),
        ({"only": b"test"}, "only= names environments, and not b'test'"),
        ({"except_": ["test", None]}, "except_= names environments, and not None"),
        ({"only": "a, b"}, r"only= takes several environments as a list: \['a', 'b'\]"),
        ({"only": ["a", "b"], "except_": "B"}, "only= and except_= both name 'b'"),
    ],
)
def test_what_cannot_be_is_said_at_once(options: dict[str, Any], message: str) -> None:
    with pytest.raises(CheckDefinitionError, match=message):
        Conditions.of(**options)
