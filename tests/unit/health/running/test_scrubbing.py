"""What a program itself wants to have removed is removed from all that a result says."""

from __future__ import annotations

import pytest

from allgreen.domain.report import Evidence
from allgreen.domain.status import CheckVerdict
from allgreen.health.redaction import WITHHELD
from allgreen.health.running.scrubbing import scrub
from tests.unit.health.executions import a_result

pytestmark = pytest.mark.semantics(57, "L11")

NAME = "Ada Lovelace"


def hide(text: str) -> str:
    return text.replace(NAME, "(somebody)")


def test_every_text_of_a_result_is_cleared() -> None:
    result = a_result(CheckVerdict.FAILED)._replace(
        message=f"{NAME} has no account",
        note=f"Ask {NAME}",
        metadata={NAME: 1, "owner": NAME, "all": [NAME, {"in": NAME}], "count": 3},
        evidence=Evidence(expected=NAME, actual=f"not {NAME}", where=NAME, traceback=NAME),
    )

    cleared = scrub(result, (hide,))

    assert NAME not in repr(cleared)
    assert cleared.message == "(somebody) has no account"
    assert cleared.metadata["all"] == ["(somebody)", {"in": "(somebody)"}]
    assert cleared.metadata["count"] == 3


def test_a_result_without_evidence_stays_without() -> None:
    result = a_result()

    assert scrub(result, (hide,)) == result


def test_without_scrubbers_nothing_is_looked_at() -> None:
    result = a_result(message=NAME)

    assert scrub(result, ()) is result


def test_a_text_whose_scrubber_fails_is_withheld() -> None:
    def fail(text: str) -> str:
        raise KeyError(text)

    cleared = scrub(a_result(CheckVerdict.FAILED, message=NAME), (fail,))

    assert cleared.message == WITHHELD


def test_what_is_not_there_is_not_withheld() -> None:
    cleared = scrub(a_result(CheckVerdict.FAILED)._replace(evidence=Evidence()), (hide,))

    assert cleared.evidence == Evidence()
