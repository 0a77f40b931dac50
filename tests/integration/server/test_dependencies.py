"""What a service depends on, and how often people are reminded, over the API."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api import Person, fields


@pytest.fixture
def url(silent_port: int) -> str:
    return f"http://127.0.0.1:{silent_port}/health"


async def edit(person: Person, service: dict[str, Any], **changes: object) -> Any:
    return await person.client.patch(
        f"/api/v1/services/{service['id']}",
        json=changes,
        headers={"If-Match": f'"{service["version"]}"'},
    )


async def test_a_service_says_what_it_depends_on(owner: Person, url: str) -> None:
    database = await owner.watch(url, name="Database")
    every = {"every": 2, "unit": "hours"}

    page = await owner.watch(url, name="Page", depends_on=[database["id"]], remind_every=every)

    shown = (await owner.client.get(f"/api/v1/services/{page['id']}")).json()
    assert (shown["depends_on"], shown["remind_every"]) == ([database["id"]], every)


async def test_what_an_edit_does_not_name_stays(owner: Person, url: str) -> None:
    database = await owner.watch(url, name="Database")
    every = {"every": 2, "unit": "hours"}
    page = await owner.watch(url, name="Page", depends_on=[database["id"]], remind_every=every)

    renamed = (await edit(owner, page, name="Shop")).json()
    silent = (await edit(owner, renamed, remind_every=None, depends_on=[])).json()

    assert (renamed["depends_on"], renamed["remind_every"]) == ([database["id"]], every)
    assert (silent["depends_on"], silent["remind_every"]) == ([], None)


async def test_two_services_cannot_wait_for_each_other(owner: Person, url: str) -> None:
    database = await owner.watch(url, name="Database")
    page = await owner.watch(url, name="Page", depends_on=[database["id"]])

    refused = await edit(owner, database, depends_on=[page["id"]])

    assert refused.status_code == 422
    assert fields(refused) == {"depends_on": "circle"}


async def test_a_service_of_another_workspace_is_not_there(
    owner: Person, stranger: Person, url: str
) -> None:
    theirs = await stranger.watch(url, name="Theirs")
    mine = await owner.watch(url, name="Mine")

    refused = await edit(owner, mine, depends_on=[theirs["id"]])

    assert fields(refused) == {"depends_on": "unknown"}


@pytest.mark.parametrize("odd", ["", "x", "\x00", "0198c000-0000-7000-8000-00000000000Z", "é" * 36])
async def test_what_is_no_id_is_refused_beside_its_field(owner: Person, url: str, odd: str) -> None:
    mine = await owner.watch(url, name="Mine")

    refused = await edit(owner, mine, depends_on=[odd])

    assert refused.status_code == 422
    assert list(fields(refused)) == ["depends_on.0"]


async def test_reminders_come_every_five_minutes_at_most(owner: Person, url: str) -> None:
    mine = await owner.watch(url, name="Mine")

    refused = await edit(owner, mine, remind_every={"every": 1, "unit": "minutes"})

    assert fields(refused) == {"remind_every": "period"}
