"""A plan says which checks a report is about, and in which order they can be run."""

from __future__ import annotations

import pytest

from allgreen.health.check import Check
from allgreen.health.running.execution import Cell
from allgreen.health.running.plan import Plan, Selection


def a_check(name: str, *, needs: str = "", tags: str = "") -> Check:
    return Check(name, name, lambda: None, depends_on=needs.split(), tags=tags.split())


def a_plan(*checks: Check) -> Plan:
    return Plan(checks, {})


def names(cells: tuple[Cell, ...]) -> list[str]:
    return [cell.label.name for cell in cells]


def steps(selection: Selection) -> dict[str, list[str]]:
    return {step.cell.label.name: names(step.needs) for step in selection.steps}


@pytest.mark.semantics(60)
def test_all_are_shown_in_the_order_of_registration() -> None:
    plan = a_plan(a_check("b", needs="c"), a_check("c"), a_check("a"))

    assert names(plan.select(None, ()).shown) == ["b", "c", "a"]


def test_what_a_check_depends_on_comes_before_it() -> None:
    plan = a_plan(a_check("a", needs="b c"), a_check("b", needs="c"), a_check("c"))

    found = steps(plan.select(None, ()))

    assert list(found) == ["c", "b", "a"]
    assert found == {"c": [], "b": ["c"], "a": ["b", "c"]}


def test_what_it_depends_on_is_run_and_not_shown() -> None:
    plan = a_plan(a_check("a", needs="b"), a_check("b"), a_check("c"))

    selection = plan.select(["a"], ())

    assert (names(selection.shown), names(selection.beneath)) == (["a"], ["b"])
    assert list(steps(selection)) == ["b", "a"]


def test_tags_choose_those_that_have_one_of_them() -> None:
    plan = a_plan(a_check("a", tags="x"), a_check("b", tags="y"), a_check("c", tags="x z"))

    assert names(plan.select(None, ["x", "w"]).shown) == ["a", "c"]
    assert names(plan.select(["c", "b"], ["x"]).shown) == ["c"]


def test_one_word_is_a_name_and_not_its_letters() -> None:
    plan = a_plan(a_check("db", tags="live"), a_check("d", tags="l"), a_check("b"))

    assert names(plan.select("db", ()).shown) == ["db"]
    assert names(plan.select(None, "live").shown) == ["db"]


def test_names_that_nobody_has_choose_nothing() -> None:
    assert a_plan(a_check("a")).select(["b"], ()) == ((), (), ())


@pytest.mark.semantics(48)
def test_a_circle_is_cut_open() -> None:
    plan = a_plan(a_check("a", needs="b"), a_check("b", needs="c"), a_check("c", needs="a b c"))

    assert steps(plan.select(None, ())) == {"c": [], "b": ["c"], "a": ["b"]}


def test_a_name_that_is_not_there_is_no_need() -> None:
    assert steps(a_plan(a_check("a", needs="gone")).select(None, ())) == {"a": []}


def test_many_ways_to_one_check_are_gone_once() -> None:
    layers = [
        a_check(f"{layer}-{number}", needs=f"{layer + 1}-0 {layer + 1}-1")
        for layer in range(40)
        for number in range(2)
    ]

    assert len(steps(a_plan(*layers).select(None, ()))) == len(layers)


def test_a_chain_may_be_longer_than_python_goes_deep() -> None:
    plan = a_plan(*(a_check(f"c{number}", needs=f"c{number + 1}") for number in range(5000)))

    assert next(iter(steps(plan.select(["c0"], ())))) == "c4999"


def test_the_same_question_is_answered_once() -> None:
    plan = a_plan(a_check("a"))

    assert plan.select(["a"], ["x"]) is plan.select(("a",), {"x"})


def test_questions_that_nobody_asks_again_are_not_kept_for_ever() -> None:
    plan = a_plan(a_check("a"))

    for number in range(10_000):
        plan.select([f"name {number}"], ())

    assert len(plan._known) <= 64


def test_what_is_known_of_a_check_outlives_the_plan() -> None:
    check, other = a_check("a"), a_check("b")
    plan = a_plan(check)

    again = Plan([check, other], plan.cells)

    assert again.cells[check] is plan.cells[check]
    assert set(Plan([other], again.cells).cells) == {other}
