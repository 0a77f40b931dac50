"""Somebody who changes things through the API all the time, and remembers what was answered."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import httpx2

from tests.platform import Person

EVERY_S = 0.2


@dataclass
class Clerk:
    """Renames one service again and again, while the platform is killed and started.

    Attributes:
        acknowledged: The last number that was answered as stored.
        answers: How many changes were answered as stored.
        oddities: Answers that should never come.
    """

    person: Person
    service_id: str
    acknowledged: int = 0
    answers: int = 0
    oddities: list[str] = field(default_factory=list)
    _tried: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join(60)

    def faults(self) -> list[str]:
        """Return what was answered as stored and is not there, once the work is over."""
        stored = int(self.person.get(self._path)["name"].rpartition(" ")[2])
        lost = [f"the API stored {self.acknowledged}, and {stored} is there"]
        return [*(lost if stored < self.acknowledged else []), *self.oddities]

    @property
    def _path(self) -> str:
        return f"/services/{self.service_id}"

    def _work(self) -> None:
        while not self._stop.wait(EVERY_S):
            try:
                self._rename()
            except (httpx2.TransportError, httpx2.HTTPStatusError):
                continue  # it was killed, or is just starting

    def _rename(self) -> None:
        version = self.person.get(self._path)["version"]
        self._tried += 1
        answer = self.person.http.patch(
            self._path,
            json={"name": f"Renamed {self._tried}"},
            headers={"If-Match": f'"{version}"'},
        )
        if answer.is_success:
            self.acknowledged, self.answers = self._tried, self.answers + 1
        elif answer.status_code != 503:
            self.oddities.append(f"the API answered {answer.status_code} to a change of a name")
