"""What Allgreen wrote down, read from its SQLite file past all of its own code.

Outages come from the history, which has one row for each transition; the incident that each
belongs to from the incidents; and what was owed to whom from the outbox.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.faults.judge import SeenMail, SeenOutage
from tests.mail import ReceivedMail

_ENDED = ("sent", "dead", "cancelled")


def count_open(file: Path) -> int:
    """Return how many messages are still owed, without reading what they say.

    Who waits for the end shares a process with the targets, and must not keep them from answering.
    """
    with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        places = ", ".join("?" for _ in _ENDED)
        query = f"SELECT count(*) FROM outbox WHERE state NOT IN ({places})"
        (count,) = database.execute(query, _ENDED).fetchone()
        return int(count)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Everything of one reading.

    Attributes:
        outages: In the order of their begin within each service.
        tells: What a mail tells, by the digest that its Message-ID begins with.
        withdrawn: What was owed and is no news any more.
        dead: How many messages were given up.
        open: How many messages are still owed, or being sent.
        faults: What does not fit together.
    """

    outages: tuple[SeenOutage, ...]
    tells: Mapping[str, tuple[str, ...]]
    withdrawn: frozenset[str]
    dead: int
    open: int
    faults: tuple[str, ...]

    @classmethod
    def read(cls, file: Path, paths: Mapping[str, str]) -> Record:
        """Read the file, also while it is written; `paths` has a path for each service."""
        with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
            database.row_factory = sqlite3.Row
            messages = list(_messages(database))
            turns = _turns(database)
            incidents = _incidents(database)
        faults = [
            f"{path}: the incidents tell of {told} outages, the history of {noted}"
            for service_id, path in paths.items()
            if (told := sum(1 + one["reopened"] for one in incidents[service_id]))
            != (noted := len(turns[service_id]))
        ]
        confirmed = {one.fact: one.confirmed_at for one in messages}
        return cls(
            outages=tuple(
                outage
                for service_id, path in paths.items()
                for outage in _outages(path, turns[service_id], incidents[service_id], confirmed)
            ),
            tells=_tells(messages),
            withdrawn=frozenset(one.fact for one in messages if one.state == "cancelled"),
            dead=sum(one.state == "dead" for one in messages),
            open=sum(one.state not in _ENDED for one in messages),
            faults=tuple(faults),
        )

    def seen(self, mail: ReceivedMail) -> SeenMail:
        """Say what a mail tells."""
        (recipient,) = mail.recipients
        message_id = str(mail.message["Message-ID"])
        return SeenMail(
            tells=self.tells.get(message_id.strip("<>").partition("@")[0], ()),
            recipient=recipient,
            message_id=message_id,
            attempt=int(mail.message["X-Allgreen-Attempt"]),
            event=str(mail.message["X-Allgreen-Event"]),
            at=mail.at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Message:
    fact: str
    message_key: str
    state: str
    confirmed_at: float | None


def _messages(database: sqlite3.Connection) -> Iterator[_Message]:
    query = "select * from outbox where kind in ('down', 'up') order by seq"
    for row in database.execute(query):
        incident, kind, number, *_ = str(row["key"]).split("/")
        yield _Message(
            fact=f"{incident}/{number}/{kind}",
            message_key=str(dict(row).get("batch") or row["key"]),
            state=str(row["state"]),
            confirmed_at=_seconds(json.loads(row["facts"]).get("confirmed_at")),
        )


def _turns(database: sqlite3.Connection) -> dict[str, list[tuple[float, float | None]]]:
    """Return begin and end of each outage of each service, as the history has them."""
    found: dict[str, list[tuple[float, float | None]]] = defaultdict(list)
    query = "select * from audit where action = 'service.health' order by id"
    for row in database.execute(query):
        outages, at = found[row["service_id"]], row["at"] / 1e6
        if json.loads(row["after"])["health"] == "down":
            outages.append((at, None))
        elif json.loads(row["before"])["health"] == "down":
            outages[-1] = (outages[-1][0], at)
    return found


def _incidents(database: sqlite3.Connection) -> dict[str, list[sqlite3.Row]]:
    found: dict[str, list[sqlite3.Row]] = defaultdict(list)
    for row in database.execute("select * from incidents order by began_at"):
        found[row["service_id"]].append(row)
    return found


def _outages(
    path: str,
    turns: list[tuple[float, float | None]],
    incidents: list[sqlite3.Row],
    confirmed: Mapping[str, float | None],
) -> Iterator[SeenOutage]:
    numbered = [(row, number) for row in incidents for number in range(1, row["reopened"] + 2)]
    for (began_at, ended_at), (row, number) in zip(turns, numbered, strict=False):
        is_last = number == row["reopened"] + 1
        known = row["confirmed_at"] / 1e6 if is_last else None
        at = known or confirmed.get(f"{row['id']}/{number}/down") or ended_at or began_at
        yield SeenOutage(
            incident=row["id"],
            path=path,
            number=number,
            began_at=began_at,
            confirmed_at=at,
            ended_at=None if ended_at is None else max(ended_at, at),
        )


def _tells(messages: list[_Message]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for one in messages:
        digest = hashlib.sha256(one.message_key.encode()).hexdigest()[:40]
        found[digest] = (*found.get(digest, ()), one.fact)
    return found


def _seconds(instant: Any) -> float | None:
    return None if instant is None else datetime.fromisoformat(instant).timestamp()
