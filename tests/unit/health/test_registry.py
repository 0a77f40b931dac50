"""Checks are registered under names of their own, with options that make sense."""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from allgreen.errors import CheckDefinitionError, DuplicateCheckError, UnknownOptionError
from allgreen.health.check import DEFAULT_TIMEOUT_S, Check
from allgreen.health.registry import (
    OTHER_SPELLINGS,
    CheckRegistry,
    collecting,
    find_cycle,
    suggest,
)


def works() -> None:
    """Work."""


def register(function: Any = works, description: str = "It works", **options: Any) -> Check:
    registry = CheckRegistry()
    assert registry.check(description, **options)(function) is function
    return registry.checks[0]


# Names --------------------------------------------------------------------------------------------


def test_a_check_is_called_after_its_function() -> None:
    assert register().name == "works"


def test_what_has_no_name_is_called_after_its_description() -> None:
    assert register(lambda: None, "Disk: has 5 % left!").name == "disk_has_5_left"


def test_what_can_be_called_nothing_is_called_check() -> None:
    assert register(lambda: None, "---").name == "check"


def test_an_object_is_called_after_its_class() -> None:
    class Database:
        def __call__(self) -> None: ...

    assert register(Database()).name == "Database"


@pytest.mark.semantics(47)
def test_another_description_is_no_other_check() -> None:
    assert register(description="Old words").name == register(description="New words").name


@pytest.mark.semantics(47)
def test_two_checks_of_one_name_are_refused_with_both_places() -> None:
    registry = CheckRegistry()
    registry.check("One", name="same")(works)
    line = inspect.currentframe().f_lineno - 1  # type: ignore[union-attr]

    with pytest.raises(DuplicateCheckError) as refused:
        registry.check("Other", name="same")(works)

    assert f"{__file__}:{line}" in str(refused.value)
    assert f"{__file__}:{line + 4}" in str(refused.value)
    assert len(registry.checks) == 1


@pytest.mark.semantics(47)
def test_names_that_nobody_chose_are_qualified_when_they_clash() -> None:
    registry = CheckRegistry()
    for _ in range(3):
        registry.check("It works")(works)

    names = [check.name for check in registry.checks]
    assert names == ["works", f"{__name__}.works", f"{__name__}.works-2"]


@pytest.mark.parametrize("name", ["", "  ", 5])
def test_a_name_is_text(name: Any) -> None:
    with pytest.raises(CheckDefinitionError, match="name= is text"):
        register(name=name)


@pytest.mark.parametrize("description", ["", "  ", None])
def test_a_description_is_text(description: Any) -> None:
    with pytest.raises(CheckDefinitionError, match="description= is text"):
        register(description=description, name="name")


def test_a_check_knows_where_it_was_defined() -> None:
    registry = CheckRegistry()
    registry.check("It works")(works)
    line = inspect.currentframe().f_lineno - 1  # type: ignore[union-attr]

    assert str(registry.checks[0].location) == f"{__file__}:{line}"


def test_a_check_shows_its_name_and_description() -> None:
    assert repr(register()) == "Check('works', 'It works')"


# Options ------------------------------------------------------------------------------------------


@pytest.mark.semantics(48)
@pytest.mark.parametrize(
    ("wrong", "meant"),
    [("timout", "timeout"), ("tag", "tags"), ("only_inn", "only_in"), ("depend_on", "depends_on")],
)
def test_an_unknown_option_is_a_type_error_that_guesses(wrong: str, meant: str) -> None:
    options: dict[str, Any] = {wrong: 5}

    with pytest.raises(TypeError, match=f"[Dd]id you mean '{meant}'") as refused:
        register(**options)

    assert isinstance(refused.value, UnknownOptionError)


def test_an_option_like_no_other_is_refused_without_a_guess() -> None:
    with pytest.raises(UnknownOptionError) as refused:
        register(xyzzy=5)

    assert "mean" not in str(refused.value)


@pytest.mark.semantics(44)
@pytest.mark.parametrize("spelling", [*OTHER_SPELLINGS, "only", "except_"])
def test_both_spellings_of_every_option_work(spelling: str) -> None:
    option = OTHER_SPELLINGS.get(spelling, spelling)
    value: Any = False if option == "if_" else "production"

    conditions = register(**{spelling: value}).conditions

    assert conditions is not None
    wanted = value if option == "if_" else ("production",)
    assert getattr(conditions, option) == wanted


@pytest.mark.semantics(44)
def test_unless_works_too() -> None:
    conditions = register(unless=True).conditions

    assert conditions is not None
    assert conditions.unless is True


def test_one_option_in_two_spellings_is_refused() -> None:
    with pytest.raises(CheckDefinitionError, match="'only' and 'only_in' are the same"):
        register(only="production", only_in="test")


def test_two_other_spellings_of_one_option_are_refused() -> None:
    with pytest.raises(CheckDefinitionError, match="are the same"):
        register(except_in="test", **{"except": "staging"})


@pytest.mark.semantics(48)
def test_tags_are_names() -> None:
    assert register(tags="ready").tags == {"ready"}
    assert register(tags=["ready", "live"]).tags == {"ready", "live"}
    with pytest.raises(CheckDefinitionError, match="tags= is text"):
        register(tags=["ready", 5])
    with pytest.raises(CheckDefinitionError, match="tags= is text"):
        register(tags=[""])


@pytest.mark.semantics(21)
@pytest.mark.parametrize(("given", "limit_s"), [(None, None), (0, None), (0.0, None), (2, 2.0)])
def test_no_timeout_is_no_limit(given: Any, limit_s: float | None) -> None:
    assert register(timeout=given).timeout_s == limit_s


@pytest.mark.semantics(21)
def test_a_check_has_ten_seconds_by_default() -> None:
    assert register().timeout_s == DEFAULT_TIMEOUT_S == 10.0


@pytest.mark.semantics(21)
@pytest.mark.parametrize("given", [-1, -0.1, float("nan"), float("inf"), "5", True])
def test_a_timeout_that_is_none_is_refused(given: Any) -> None:
    with pytest.raises(ValueError, match="timeout="):
        register(timeout=given)


@pytest.mark.semantics(63)
@pytest.mark.parametrize("given", [0, -1, 1.5, True, "3"])
def test_failures_are_counted_from_one(given: Any) -> None:
    with pytest.raises(CheckDefinitionError, match="failures="):
        register(failures=given)


@pytest.mark.semantics(63)
@pytest.mark.parametrize("given", [-1, float("nan"), float("inf"), "60", True, None])
def test_for_how_long_it_fails_is_a_number_of_seconds(given: Any) -> None:
    with pytest.raises(CheckDefinitionError, match="failing_for="):
        register(failing_for=given)


@pytest.mark.semantics(9)
@pytest.mark.parametrize("given", ["no", 0, None])
def test_whether_it_is_critical_is_true_or_false(given: Any) -> None:
    with pytest.raises(CheckDefinitionError, match="critical="):
        register(critical=given)


def test_a_frequency_is_read_at_once() -> None:
    assert str(register(run="2 times per day").frequency) == "2 times per day"
    with pytest.raises(ValueError, match="run"):
        register(run="2 times per fortnight")


def test_a_plain_check_has_no_conditions() -> None:
    check = register()

    assert (check.conditions, check.frequency, check.depends_on) == (None, None, ())
    assert (check.is_critical, check.failures_to_report, check.note) == (True, 1, "")


# What can be a check ------------------------------------------------------------------------------


def generates() -> Iterator[int]:
    yield 1


async def generates_asynchronously() -> AsyncIterator[int]:
    yield 1


class Generates:
    def __call__(self) -> Iterator[int]:
        yield 1


class GeneratesToo(Generates):
    """Inherits the method."""


@pytest.mark.semantics(3)
@pytest.mark.parametrize(
    "function",
    [
        generates,
        generates_asynchronously,
        functools.partial(generates),
        Generates(),
        GeneratesToo(),
        Generates().__call__,
        lambda: (yield),
    ],
    ids=["function", "async", "partial", "object", "heir", "method", "lambda"],
)
def test_a_generator_function_is_refused(function: Any) -> None:
    with pytest.raises(CheckDefinitionError, match="generator"):
        register(function, name="generates")


async def waits() -> None:
    """Wait."""


class Waits:
    async def __call__(self) -> None: ...


class WaitsToo(Waits):
    """Inherits the method."""


@pytest.mark.semantics(3)
@pytest.mark.parametrize(
    "function",
    [waits, functools.partial(waits), Waits(), WaitsToo(), Waits().__call__],
    ids=["function", "partial", "object", "heir", "method"],
)
def test_a_coroutine_function_is_known_in_each_form(function: Any) -> None:
    assert register(function, name="waits").is_async


@pytest.mark.parametrize("function", [works, len, int, functools.partial(works), WaitsToo])
def test_anything_else_is_called_in_a_thread(function: Any) -> None:
    assert not register(function, name="works").is_async


# The set of them ----------------------------------------------------------------------------------


def test_checks_are_in_the_order_of_their_registration() -> None:
    registry = CheckRegistry()
    for name in ("c", "a", "b"):
        registry.check("It works", name=name)(works)

    assert [check.name for check in registry.checks] == ["c", "a", "b"]


@pytest.mark.semantics(44)
def test_checks_of_the_program_survive_those_of_files() -> None:
    registry = CheckRegistry()
    registry.check("Own", name="own")(works)
    registry.replace("file", [Check("old", "Old", works)])

    registry.replace("file", [Check("new", "New", works)])

    assert [check.name for check in registry.checks] == ["own", "new"]


def test_a_check_of_the_program_can_be_removed() -> None:
    registry = CheckRegistry()
    registry.check("Own", name="own")(works)

    registry.remove("own")
    registry.remove("never there")

    assert registry.checks == ()


def test_all_checks_can_be_forgotten() -> None:
    registry = CheckRegistry()
    registry.check("Own", name="own")(works)
    registry.replace("file", [Check("loaded", "Loaded", works)])

    registry.clear()

    assert registry.checks == ()


def test_each_change_has_another_version() -> None:
    registry = CheckRegistry()
    versions = [registry.version]
    changes = (
        lambda: registry.check("It works")(works),
        lambda: registry.replace("file", []),
        lambda: registry.remove("works"),
        registry.clear,
    )
    for change in changes:
        change()
        versions.append(registry.version)

    assert len(set(versions)) == len(versions)


@pytest.mark.semantics(44)
def test_what_a_file_registers_is_collected_in_its_thread_only() -> None:
    registry = CheckRegistry()
    with collecting() as collected:
        registry.check("Of the file", name="file")(works)
        other = threading.Thread(target=lambda: registry.check("Own", name="own")(works))
        other.start()
        other.join()

    assert [check.name for check in collected] == ["file"]
    assert [check.name for check in registry.checks] == ["own"]


@pytest.mark.semantics(47)
def test_a_file_cannot_take_a_name_of_the_program() -> None:
    registry = CheckRegistry()
    registry.check("Own", name="same")(works)

    others = registry.others_than("file")
    with collecting(others), pytest.raises(DuplicateCheckError):
        registry.check("Of the file", name="same")(works)


@pytest.mark.semantics(47)
def test_a_file_cannot_take_a_name_of_another_file() -> None:
    registry = CheckRegistry()
    registry.replace("another", [Check("same", "Of another", works)])

    others = registry.others_than("file")
    with collecting(others), pytest.raises(DuplicateCheckError):
        registry.check("Of the file", name="same")(works)


@pytest.mark.semantics(47)
def test_a_file_may_use_a_name_that_only_another_registry_has() -> None:
    writes, target = CheckRegistry(), CheckRegistry()
    writes.check("Of the program", name="same")(works)

    with collecting(target.others_than("file")) as collected:
        writes.check("Of the file", name="same")(works)

    assert [check.name for check in collected] == ["same"]


@pytest.mark.semantics(44, 47)
def test_a_file_that_is_loaded_again_does_not_clash_with_itself() -> None:
    registry = CheckRegistry()
    registry.replace("file", [Check("same", "Old", works)])

    with collecting(registry.others_than("file")) as collected:
        registry.check("New", name="same")(works)

    assert [check.name for check in collected] == ["same"]


# What they depend on ------------------------------------------------------------------------------


def depending(**needs: str) -> CheckRegistry:
    registry = CheckRegistry()
    for name, others in needs.items():
        registry.check("It works", name=name, depends_on=others.split())(works)
    return registry


@pytest.mark.semantics(48)
def test_a_circle_is_told_with_its_path() -> None:
    (problem,) = depending(a="b", b="c", c="b").problems()

    assert problem == "Checks depend on one another in a circle: b -> c -> b."


@pytest.mark.semantics(48)
def test_a_check_that_depends_on_itself_is_a_circle() -> None:
    assert find_cycle({check.name: check for check in depending(a="a").checks}) == ["a", "a"]


def test_two_ways_to_one_check_are_no_circle() -> None:
    assert depending(a="b c", b="d", c="d", d="").problems() == []


@pytest.mark.semantics(48)
def test_a_name_that_is_not_there_is_told_with_a_guess() -> None:
    (problem,) = depending(database="", cache="databse").problems()

    assert problem == (
        "'cache' depends on 'databse', and there is no such check. Did you mean 'database'?"
    )


def test_a_long_chain_is_followed_to_its_end() -> None:
    needs = {f"c{number}": f"c{number + 1}" for number in range(5000)}

    (problem,) = depending(**needs, c5000="c4999").problems()

    assert problem.endswith("c4999 -> c5000 -> c4999.")


def test_a_word_like_no_other_is_not_guessed() -> None:
    assert suggest("xyzzy", ["database"]) is None
