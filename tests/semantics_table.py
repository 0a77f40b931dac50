"""What the library promises, line by line, and which tests show that it holds.

A test says by ``@pytest.mark.semantics(12, "L5")`` which lines it shows; on a module, a class or one
case of a table the mark counts for all below. Test files are read, never imported. `./dev docs`
writes the page; a guard holds it equal, and wants a test for every line.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from tests.checkout import ROOT
from tests.faults.scenario import SCENARIOS

DOCUMENT = ROOT / "docs/reference/semantics.md"
Line = int | str

INTRODUCTION = """# Semantics of the library

What the library promises, one line each, and the tests that show it.
The names of the tests are facts; read them as sentences.

This page is written by `./dev docs`. A guard fails when it is old, or when a line has no test.
"""

CHAPTERS: Mapping[str, Mapping[Line, str]] = {
    "Verdicts": {
        1: "A check that returns `None` or `True` passes, and one that returns `False` fails. A "
        "status, `(status, message, metadata)` and the same by name mean what they say; anything "
        "else is an error that names its type.",
        2: "`expect(x)` without a matcher makes the check an error: nothing was asserted.",
        3: "What a plain function, a partial, a lambda or an object hands back to be awaited is "
        "awaited. Nothing that was not awaited counts as success, and a generator cannot be a "
        "check.",
        4: "`make_sure` of a coroutine is an error, although Python finds it true.",
        5: "Everything that has an order can be compared. NaN satisfies no bound; two values "
        "without an order are an error with both types; `True` is no number.",
        6: "A check that passes says what it saw.",
        7: "A plain `assert` that does not hold is a failure with its text, and no error.",
        8: "Verdicts, statuses of components and the words of the heartbeat file are mapped to one "
        "another in one place, and nothing is lost on the way.",
        9: "What is not critical makes a program degraded at most. Skipped says nothing of the "
        "whole, and nothing at all is never health. Before the first run nobody is ready.",
    },
    "Isolation": {
        10: "An exception is an error with its type and text, and touches no other check.",
        11: "`SystemExit` and `GeneratorExit` in a check are errors. The program lives, in threads "
        "and on loops.",
        12: "Ctrl-C still ends the program; a `KeyboardInterrupt` that a check raises in a thread "
        "is an error.",
        13: "A check that raises `CancelledError` is an error. When whoever asks is cancelled, "
        "that goes through, and nothing is left running.",
        14: "A `TimeoutError` of the check's own is its failure, and is never told as ours.",
        15: "Deep recursion, a lack of memory, exceptions without a text, groups of them, ten "
        "megabytes of message and text that is no Unicode can all be shown.",
        16: "A value whose `repr` raises does not break the report.",
    },
    "Timeouts and threads": {
        17: "Timeouts work in every thread, without a signal; handlers and timers of the program "
        "stay as they are.",
        18: "A check cannot swallow its timeout by catching every exception.",
        19: "A check that hangs holds one thread. While it does it is told at once that it still "
        "runs, and since when; nothing is begun beside it, and it recovers by itself.",
        20: "Waiting for a turn is no timeout: the clock begins with the run. Threads are daemons "
        "of our own, so a program ends although checks hang, and nobody else's pool is used.",
        21: "A timeout of 0 or `None` is none, a negative one is refused, and the deadline of the "
        "whole always holds.",
        22: "A report is there by its deadline, and says what had not ended.",
        23: "An async check that swallows its cancellation delays nobody, and is not begun again "
        "beside itself.",
        24: "An async check that keeps the event loop from turning is named, in the report and in "
        "the log. Checks can run on a loop of their own.",
        25: "Eight run at once unless told otherwise, and results keep the order of registration. "
        "A check may ask for a report, and one that asks for itself is told so.",
        26: "Context variables reach the thread of a check. Connections that Django opens in it "
        "are closed.",
        27: "It works in forked processes and under other event loops, and imports wherever Python "
        "does.",
    },
    "Sharing and keeping": {
        28: "Many who ask at the same time share one run. Nobody waits beyond a deadline of "
        "theirs, and then gets the last result, marked as old.",
        29: "When whoever began a run is gone, those who joined are not left behind.",
        30: "Good and bad results are kept for different times, and each tells its age. "
        "`?fresh=1` is for those who may see everything.",
        31: "In the background, a result that is older than it may be is a failure, also when it "
        "was good.",
        32: "A wall clock that jumps changes no age, period or duration.",
        33: "Rounds in the background are shifted a little, and a check never runs twice at once. "
        "They can be stopped twice, and in time.",
        34: "Checks that belong to several groups run once.",
    },
    "How often a check runs": {
        35: "`run=` has a small grammar. Everything else is refused where it is written, with the "
        "place and what may be meant.",
        36: "What was used up stays so after a restart, and all processes together never run a "
        "check more often than one may.",
        37: "A crash between the begin and the result loses no earlier result, and can be seen.",
        38: "Where state cannot be written, each process counts for itself and says so. Nothing is "
        "ever unlimited.",
        39: "State belongs to one program and one check, whatever their names are made of.",
        40: "A kept result shows its status, its age and the next time. Periods are cut in UTC, or "
        "in a time zone with its short and long days.",
        41: "Of two who want the last run exactly one gets it.",
    },
    "The file of the checks": {
        42: "A file that is broken ends nothing. The last good checks stay and say so, and one "
        "more, `allgreen:config`, fails with file, line and reason.",
        43: "A file that was named and is not there ends the start.",
        44: "Checks of the program outlive each loading. Every spelling of an option works.",
        45: "UTF-8, with or without a byte-order mark. A file that is replaced while it is read, "
        "or deleted, does no harm.",
        46: "Loading again is one step for whoever is running checks, is done once, and only in "
        "development unless asked for.",
        47: "Two checks cannot have one name, and both places are told. Names that were not chosen "
        "are made different. A description can change without changing who a check is.",
        48: "An unknown option is refused with the one that may be meant; so is a tag that is no "
        "text. A circle of dependencies is told as a path.",
        49: "What depends on something that failed is skipped, says by what, and does not count.",
    },
    "HTTP": {
        50: "GET and HEAD on every path, with the same headers; OPTIONS is answered, and all else "
        "is 405 with `Allow`.",
        51: "200 or 503, degraded is 200 with a header, and other codes can be chosen for every "
        "status. No check makes a 500; metrics are always 200.",
        52: "Nothing is stored by caches, answers vary with `Accept`, and no cookie or session is "
        "touched.",
        53: "`Accept` is read as RFC 9110 has it, whatever it holds; `?format=` goes before it.",
        54: "Whoever takes anything gets the short form for machines; browsers get the page.",
        55: "The page needs no template engine, script or network, and all text in it is text.",
        56: "How much is shown depends on a token, a network or a function; tokens are compared in "
        "constant time. Strangers see everything in development only, and probes show no details.",
        57: "Secrets are masked in messages, errors, tracebacks, measurements, logs and webhooks; "
        "programs may add rules.",
        58: "Answers come before hosts are checked and people redirected or asked to sign in, and "
        "begin no session and no connection.",
        59: "Probes can be kept out of access logs and traces of real servers.",
        60: "An answer is bounded with a thousand checks, keeps its order, and is valid JSON "
        "whatever was measured.",
    },
    "Probes and life cycle": {
        61: "Liveness runs no check of anything outside. Readiness is the start and what was opted "
        "in, and holds all of liveness. The startup probe stays true once it is.",
        62: "On SIGTERM readiness is 503 at once and liveness is not. Handlers of others are "
        "called, after a delay if wanted, and a second signal goes through.",
        63: "A failure can wait for more of them, or for time, before it is reported; the raw one "
        "is shown beside it.",
        64: 'gRPC: `""` is the whole, an unknown name is not found, and whoever watches hears of '
        "changes only.",
        65: "systemd hears once that the program is ready, that it lives only while it does and "
        "its loop turns, and that it stops. Without systemd nothing happens.",
    },
    "Files, metrics, events": {
        66: "The heartbeat file has five texts, is replaced whole, begins with `starting`, keeps "
        "its interval and bounds its question to the database. What cannot be written is logged "
        "once.",
        67: "Metrics pass the strict parser of OpenMetrics, and that of the older text.",
        68: "Receivers hear of changes only, in their order, signed, and of the end with how long "
        "it took. A receiver that fails delays no probe and no other receiver.",
        69: "What is remembered is bounded, and percentiles are in order.",
        70: "Each process answers for itself and says which it is. One that is replaced changes "
        "nothing for the others.",
    },
    "In somebody's process": {
        "L1": "A check that hangs for ever is told in time, and the program still ends.",
        "L2": "A thousand questions about a check that hangs leave no more threads than one.",
        "L3": "A check that blocks does not stop the event loop of the program; one that does is "
        "named.",
        "L4": "What holds the interpreter cannot be interrupted, and is told as late.",
        "L5": "Whatever a check raises, the answer is a 503 with valid JSON of bounded size.",
        "L6": "Signals, hooks, logging, warnings and the policy of event loops are as before.",
        "L7": "A check that swallows its timeout has not passed.",
        "L8": "A thousand requests at once run a check once or twice.",
        "L9": "Receivers that raise, hang or are gone change neither the answer nor its time.",
        "L10": "No reader finds half a heartbeat file, whatever dies, fills up or is in its place.",
        "L11": "Secrets are nowhere in what is said.",
        "L12": "A file of checks that is broken, missing or empty is never health.",
        "L13": "Servers that fork and spawn have one heartbeat, where it was started.",
        "L14": "What runs twice a day runs twice, over processes, restarts and changed clocks.",
        "L15": "Transactions and connections of Django are left as they were.",
        "L16": "To import it is cheap: no thread, no file and no network before the first use.",
    },
}


class Proof(NamedTuple):
    """A test that shows something.

    Attributes:
        file: Where it stands, from the root of the repository.
        name: What it is called.
    """

    file: str
    name: str

    @property
    def fact(self) -> str:
        """Its name as a sentence."""
        return self.name.removeprefix("test_").replace("_", " ")


def known_lines() -> list[Line]:
    """Return the numbers of all lines."""
    return [line for chapter in CHAPTERS.values() for line in chapter]


def find_proofs(files: Iterable[Path] | None = None) -> dict[Line, list[Proof]]:
    """Return the tests that carry the mark, by line, in the order of files and of their text."""
    found: dict[Line, list[Proof]] = {}
    for file in sorted((ROOT / "tests").rglob("test_*.py")) if files is None else files:
        text = file.read_text(encoding="utf-8")
        if "mark.semantics(" not in text:  # reading it as Python takes long
            continue
        tree = ast.parse(text)
        place = str(file.relative_to(ROOT)) if file.is_relative_to(ROOT) else file.name
        for name, lines in _read(tree):
            for line in lines:
                found.setdefault(line, []).append(Proof(place, name))
    return found


def document() -> str:
    """Return the whole page."""
    proofs = find_proofs()
    parts = [INTRODUCTION]
    for title, lines in CHAPTERS.items():
        parts.append(f"## {title}\n")
        parts += [_paragraph(line, text, proofs.get(line, [])) for line, text in lines.items()]
    return "\n".join(parts)


def _paragraph(line: Line, text: str, proofs: list[Proof]) -> str:
    by_file: dict[str, list[str]] = {}
    for proof in proofs:
        by_file.setdefault(proof.file, []).append(proof.fact)
    shown = [f"- [{file}](../../{file}): {'; '.join(facts)}" for file, facts in by_file.items()]
    shown += [f"- `./dev faults {one.name}`: {one.breaks}" for one in SCENARIOS if line in one.ids]
    return "\n".join([f"**{line}.** {text}", "", *shown, ""])


def _read(tree: ast.Module) -> Iterator[tuple[str, list[Line]]]:
    """Read the tests of a file, with the lines that each shows."""
    tables = {
        target.id: _marks_in(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    yield from _read_body(tree.body, tables.pop("pytestmark", []), tables)


def _read_body(
    body: Iterable[ast.stmt], above: list[Line], tables: Mapping[str, list[Line]]
) -> Iterator[tuple[str, list[Line]]]:
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from _read_body(node.body, above + _marks_of(node, tables), tables)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = dict.fromkeys(above + _marks_of(node, tables))
            if node.name.startswith("test_") and lines:
                yield node.name, list(lines)


def _marks_of(
    node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef,
    tables: Mapping[str, list[Line]],
) -> list[Line]:
    lines: list[Line] = []
    for decorator in node.decorator_list:
        lines += _marks_in(decorator)
        for name in ast.walk(decorator):
            if isinstance(name, ast.Name):  # the cases of a table that stands above
                lines += tables.get(name.id, [])
    return lines


def _marks_in(expression: ast.expr) -> list[Line]:
    return [
        ast.literal_eval(argument)
        for call in ast.walk(expression)
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "pytest.mark.semantics"
        for argument in call.args
    ]


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
