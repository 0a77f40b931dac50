"""``allgreen admin`` as a process, beside a server that runs: who is locked out gets in again."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pyotp
import pytest

from tests.platform import PASSWORD, Person, Platform

ANA, BO = "ana@nordlys.example", "bo@nordlys.example"
OTHER = "seven loud herons dance"


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A server that nobody has set up."""
    platform = Platform(data_dir=tmp_path_factory.mktemp("admin") / "data").start()
    yield platform
    platform.stop()


def admin(platform: Platform, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command on the machine of the server."""
    settings = {
        "ALLGREEN_DATA_DIR": str(platform.data_dir),
        "ALLGREEN_PUBLIC_URL": platform.address,
    }
    return subprocess.run(
        [sys.executable, "-m", "allgreen", "admin", *arguments],
        env=settings,
        capture_output=True,
        text=True,
        timeout=55,
        check=False,
    )


def set_password(platform: Platform, said: str, password: str = PASSWORD) -> None:
    """Open the link that a command printed, as its reader does."""
    link = said.strip().splitlines()[-1]
    assert link.startswith(f"{platform.address}/reset/"), said
    token = link.rpartition("/")[2]
    form = {"token": token, "password": password}
    reader = Person(platform)
    statuses = [reader.http.post("/password/reset", json=form).status_code for _ in range(2)]
    assert statuses == [204, 404]  # it works once


def log_in(platform: Platform, email: str, password: str = PASSWORD) -> httpx2.Response:
    person = Person(platform, email=email)
    return person.http.post("/session", json={"email": email, "password": password})


def sign_in(platform: Platform, email: str, password: str = PASSWORD) -> Person:
    person = Person(platform, email=email)
    person.post("/session", email=email, password=password)
    return person


def noted(person: Person) -> list[tuple[str, str]]:
    """Return what the history of an account says was done at the machine, newest first."""
    items = person.get("/account/events")["items"]
    device = "The command line of the server"
    return [(each["action"], each["summary"]) for each in items if each["device"] == device]


@pytest.fixture(scope="module")
def first_account(platform: Platform) -> str:
    """The first account, made at the machine."""
    made = admin(platform, "create", ANA, "--name", "Ana Petrov")
    assert (made.returncode, made.stderr) == (0, ""), made.stderr
    set_password(platform, made.stdout)
    return ANA


@pytest.fixture
def ana(platform: Platform, first_account: str) -> Person:
    """Who it belongs to, signed in anew: what other tests do ends sessions."""
    return sign_in(platform, first_account)


def test_the_first_account_is_made_at_the_machine_while_the_server_runs(
    platform: Platform, ana: Person
) -> None:
    me = ana.get("/me")

    assert (me["name"], me["instance_admin"], me["email_verified"]) == ("Ana Petrov", True, True)
    assert [each["name"] for each in me["workspaces"]] == ["Ana's workspace"]
    assert ana.get("/instance")["needs_setup"] is False
    assert noted(ana)[-1] == (
        "account.made_admin",
        "you were made somebody who runs this Allgreen",
    )


def test_a_password_is_set_by_a_link_and_every_session_ends(
    platform: Platform, ana: Person
) -> None:
    before = sign_in(platform, ANA)

    said = admin(platform, "reset-password", ANA.upper())
    set_password(platform, said.stdout, OTHER)

    assert before.http.get("/me").status_code == 401
    assert (log_in(platform, ANA).status_code, log_in(platform, ANA, OTHER).status_code) == (
        422,
        200,
    )
    now = sign_in(platform, ANA, OTHER)
    assert noted(now)[0][0] == "password.link_made"
    # Back to the one that the other tests know.
    now.http.put("/account/password", json={"current_password": OTHER, "new_password": PASSWORD})


def test_sessions_end_and_a_second_factor_goes(platform: Platform, ana: Person) -> None:
    person = sign_in(platform, ANA)
    secret = person.post("/account/two-factor")["secret"]
    person.post("/account/two-factor/confirm", code=pyotp.TOTP(secret).now())
    needed = log_in(platform, ANA)

    ended = admin(platform, "end-sessions", ANA)
    signed_out = person.http.get("/me")
    removed = admin(platform, "remove-two-factor", ANA)

    assert (ended.returncode, removed.returncode) == (0, 0)
    assert "second_factor" in needed.text
    assert signed_out.status_code == 401
    assert log_in(platform, ANA).status_code == 200
    assert [action for action, _ in noted(sign_in(platform, ANA))][:2] == [
        "account.two_factor_reset",
        "account.sessions_ended",
    ]


def test_an_account_that_was_disabled_is_let_in_again(platform: Platform, ana: Person) -> None:
    made = admin(platform, "create", BO)
    set_password(platform, made.stdout)
    bo = sign_in(platform, BO)
    ids = {each["email"]: each["id"] for each in bo.get("/instance/accounts")["items"]}
    bo.post(f"/instance/accounts/{ids[ANA]}/disable")
    shut = log_in(platform, ANA)

    refused = admin(platform, "reset-password", ANA)
    enabled = admin(platform, "enable", ANA)

    assert "disabled" in shut.text
    assert refused.returncode == 2
    assert f"allgreen admin enable {ANA}" in refused.stderr
    assert enabled.stdout == f"{ANA} can sign in again.\n"
    assert log_in(platform, ANA).status_code == 200


def test_an_account_that_strangers_made_is_theirs_no_more_once_it_runs_allgreen(
    platform: Platform, ana: Person
) -> None:
    squatted = {"name": "Liv", "email": "liv@nordlys.example", "password": OTHER}
    squatter = Person(platform)
    squatter.post("/accounts", **squatted)
    assert squatter.http.get("/me").status_code == 200

    made = admin(platform, "create", squatted["email"])
    left = squatter.http.get("/me").status_code, log_in(platform, squatted["email"], OTHER)
    set_password(platform, made.stdout)

    assert (left[0], left[1].status_code) == (401, 422)
    assert sign_in(platform, squatted["email"]).get("/me")["instance_admin"] is True


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("enable", "nobody@nordlys.example"), "There is no such account with this address."),
        (("create", "eve@nordlys.example", "--name", " "), "Write a name."),
    ],
    ids=["unknown", "no name"],
)
def test_what_cannot_be_done_is_one_line(
    platform: Platform, arguments: tuple[str, ...], says: str
) -> None:
    ended = admin(platform, *arguments)

    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == f"allgreen: {says}\n"


def test_where_there_is_no_database_none_is_made(tmp_path: Path) -> None:
    nowhere = Platform(data_dir=tmp_path / "nowhere")

    ended = admin(nowhere, "enable", ANA)

    assert ended.returncode == 3
    assert "There is no database at" in ended.stderr
    assert not (tmp_path / "nowhere" / "allgreen.db").exists()
