"""What people do in a workspace, drawn by chance: the steps of a history."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.api import Person, service_form

TARGET = "http://127.0.0.1:9"


@dataclass
class Party:
    """A workspace with its people and what they have made so far, as they know it.

    Attributes:
        people: Its members by role.
        versions: Of services, windows and the status page, by their id.
        made: How many things were made; names are numbered by it.
    """

    name: str
    people: dict[str, Person]
    services: list[str] = field(default_factory=list)
    windows: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    invitations: list[str] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)
    made: int = 0

    @property
    def path(self) -> str:
        """Path of the workspace."""
        return self.people["owner"].workspace

    @property
    def slug(self) -> str:
        """Name of its page."""
        return f"page-of-{self.name}"

    def number(self) -> int:
        """Return the number of the next thing."""
        self.made += 1
        return self.made

    def version(self, thing: str) -> dict[str, str]:
        """Return the header that names the version that they know."""
        return {"If-Match": self.versions.get(thing, '"1"')}


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One request of a member.

    Attributes:
        made: The list of the party to which the id in the answer belongs.
        thing: Of which the answer tells the version.
    """

    who: str
    method: str
    path: str
    json: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    made: str = ""
    thing: str = ""


Draw = Callable[[Random, Party], Act]


def draw_act(chance: Random, party: Party) -> Act:
    """Return what somebody of a party does next."""
    draw = chance.choices([each for each, _ in _ACTS], [weight for _, weight in _ACTS])[0]
    return draw(chance, party)


def learn(party: Party, act: Act, status: int, answer: Any, tag: str | None) -> None:
    """Let a party know what it was answered."""
    if status >= 300:
        return
    if act.made:
        made = answer.get("id") or answer.get("invitation", {}).get("id", "")
        getattr(party, act.made).append(made)
        party.versions[made] = tag or '"1"'
    elif act.thing and tag:
        party.versions[act.thing] = tag


def _watch(chance: Random, party: Party) -> Act:
    number = party.number()
    form = service_form(
        f"{TARGET}/{party.name}/{number}?key=canary-{party.name}",
        name=f"Service {number}",
        recipients=[{"email": f"told{number}@{party.name}.example"}] * chance.randint(0, 1),
    )
    return Act(
        who=_writer(chance),
        method="POST",
        path=f"{party.path}/services",
        json=form,
        made="services",
    )


def _edit(chance: Random, party: Party) -> Act:
    service = _one(chance, party.services)
    change = chance.choice(
        [
            {"name": f"Renamed {party.number()}"},
            {"period": {"every": chance.randint(2, 9), "unit": "minutes"}},
            {"recipients": [{"account_id": party.people[chance.choice(ROLES)].me["id"]}]},
            {"depends_on": [_one(chance, party.services)]},
            {"remind_every": {"every": 1, "unit": "hours"}},
        ]
    )
    return Act(
        who=_writer(chance),
        method="PATCH",
        path=f"/api/v1/services/{service}",
        json=change,
        headers=party.version(service),
        thing=service,
    )


def _turn(chance: Random, party: Party) -> Act:
    service, word = _one(chance, party.services), chance.choice(["pause", "resume", "check"])
    path = f"/api/v1/services/{service}/{word}"
    return Act(who=chance.choice(ROLES), method="POST", path=path, thing=service)


def _delete(chance: Random, party: Party) -> Act:
    service = _one(chance, party.services)
    return Act(who=_writer(chance), method="DELETE", path=f"/api/v1/services/{service}")


def _subscribe(chance: Random, party: Party) -> Act:
    path = f"/api/v1/services/{_one(chance, party.services)}/subscription"
    return Act(who=chance.choice(ROLES), method=chance.choice(["PUT", "DELETE"]), path=path)


def _plan(chance: Random, party: Party) -> Act:
    form = {
        "name": f"Window {party.number()}",
        "first": "2026-11-20",
        "at": f"{chance.randint(10, 23)}:30",
        "duration_minutes": chance.choice([30, 90]),
        "service_ids": [_one(chance, party.services)] * chance.randint(0, 1),
    }
    path = f"{party.path}/maintenance-windows"
    return Act(who=_writer(chance), method="POST", path=path, json=form, made="windows")


def _change_window(chance: Random, party: Party) -> Act:
    window = _one(chance, party.windows)
    path = f"{party.path}/maintenance-windows/{window}"
    method = chance.choice(["PATCH", "DELETE"])
    return Act(
        who=_writer(chance),
        method=method,
        path=path,
        json={"duration_minutes": 45} if method == "PATCH" else None,
        headers=party.version(window),
        thing=window,
    )


def _make_key(chance: Random, party: Party) -> Act:
    form = {"name": f"Key {party.number()}", "scope": chance.choice(["read", "write"])}
    who = chance.choice(ROLES)
    return Act(who=who, method="POST", path=f"{party.path}/keys", json=form, made="keys")


def _revoke_key(chance: Random, party: Party) -> Act:
    path = f"{party.path}/keys/{_one(chance, party.keys)}"
    return Act(who=chance.choice(ROLES), method="DELETE", path=path)


def _invite(chance: Random, party: Party) -> Act:
    email = f"guest{party.number()}@{party.name}.example"
    form = {"email": email, "role": chance.choice(["admin", "observer"])}
    path = f"{party.path}/invitations"
    return Act(who=_writer(chance), method="POST", path=path, json=form, made="invitations")


def _revoke_invitation(chance: Random, party: Party) -> Act:
    path = f"{party.path}/invitations/{_one(chance, party.invitations)}"
    return Act(who="owner", method="DELETE", path=path)


def _rename(chance: Random, party: Party) -> Act:
    change = chance.choice(
        [{"name": f"Workspace {party.number()}"}, {"time_zone": "Europe/Rome"}, {}]
    )
    return Act(who="owner", method="PATCH", path=party.path, json=change)


def _show(chance: Random, party: Party) -> Act:
    change = chance.choice(
        [
            {"slug": party.slug, "is_published": True},
            {"is_published": False},
            {"title": f"Title {party.number()}", "shows_latency": True},
            {"service_ids": [_one(chance, party.services)]},
        ]
    )
    path = f"{party.path}/status-page"
    return Act(
        who="owner",
        method="PATCH",
        path=path,
        json=change,
        headers=party.version("page"),
        thing="page",
    )


def _say_who_they_are(chance: Random, party: Party) -> Act:
    visibility = chance.choice(["public", "signed_in", "workspace"])
    form = {"name": f"Name {party.number()}", "city": "Tromsø", "visibility": visibility}
    return Act(who=chance.choice(ROLES), method="PUT", path="/api/v1/account/profile", json=form)


ROLES = ("owner", "admin", "observer")
_ACTS: tuple[tuple[Draw, int], ...] = (
    (_watch, 6),
    (_edit, 4),
    (_turn, 3),
    (_delete, 1),
    (_subscribe, 2),
    (_plan, 2),
    (_change_window, 1),
    (_make_key, 2),
    (_revoke_key, 1),
    (_invite, 2),
    (_revoke_invitation, 1),
    (_rename, 1),
    (_show, 3),
    (_say_who_they_are, 1),
)


def _writer(chance: Random) -> str:
    return chance.choice(("owner", "admin", "admin", "observer"))


def _one(chance: Random, ids: list[str]) -> str:
    return chance.choice(ids) if ids else "01970000-0000-7000-8000-000000000001"
