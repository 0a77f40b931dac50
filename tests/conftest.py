"""What every test may ask for: real services, each started on first use."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from hypothesis import settings
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from psycopg.sql import SQL, Identifier

from tests import browser, services
from tests.looks import Pictures
from tests.mail import SmtpServer, SmtpSink

# A slow moment of the machine is not a fault of the code: what measures time lives elsewhere.
settings.register_profile("allgreen", deadline=None)
settings.load_profile("allgreen")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--model-examples",
        type=int,
        default=200,
        help="how many histories are compared with the reference in tests/model",
    )
    parser.addoption(
        "--pictures",
        action="store_true",
        help="keep pictures of the screens in .dev/screens, to lay them beside the mocks",
    )


SLOW_FILES = (
    "tests/e2e/",
    "tests/authorization/",
    "tests/model/",
    "tests/packaging/",
    "tests/integration/",
)
"""They begin first, and in this order: what takes long must not be left to one worker in the end."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put files that take long first; all else stays as it was shuffled."""

    def place(item: pytest.Item) -> int:
        path = item.path.as_posix()
        return next(
            (number for number, folder in enumerate(SLOW_FILES) if folder in path), len(SLOW_FILES)
        )

    items.sort(key=place)


def pytest_configure(config: pytest.Config) -> None:
    browser.use_packaged_node()
    if hasattr(config, "workerinput"):
        return  # a worker: the controller owns the services
    owner = services.Services()
    owner.open()
    config.add_cleanup(owner.close)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run every async test on asyncio, the one loop that Allgreen runs on."""
    return "asyncio"


# PostgreSQL -----------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgres_database(worker_id: str) -> str:
    """A database of this worker's own, as a libpq address; its tables stay between tests."""
    return _create_database(f"allgreen_{worker_id}")


@pytest.fixture
def postgres_url(postgres_database: str) -> str:
    """A PostgreSQL in which every table there is holds no row, as SQLAlchemy wants the address.

    The schema of earlier tests stays, so that migrating it again costs nothing.
    """
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        # A test that left a connection open must not block the next one.
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )
        tables = connection.execute(
            "select tablename from pg_tables"
            " where schemaname = 'public' and tablename <> 'alembic_version'"
        ).fetchall()
        # Deleted, not truncated: that makes three new files for each table. Without triggers, and so
        # without foreign keys, for the order of tables does not matter then.
        deletions = [SQL("delete from {}").format(Identifier(name)) for (name,) in tables]
        connection.execute(
            SQL("; ").join(
                [
                    SQL("set session_replication_role = replica"),
                    *deletions,
                    SQL(
                        "select setval(format('%I.%I', schemaname, sequencename), start_value, false)"
                        " from pg_sequences where last_value is not null"
                    ),
                ]
            )
        )
    return _for_sqlalchemy(postgres_database)


@pytest.fixture
def empty_postgres_url(worker_id: str) -> str:
    """A PostgreSQL database without any table: for tests of the migrations."""
    return _for_sqlalchemy(_create_database(f"allgreen_{worker_id}_empty"))


def _create_database(name: str) -> str:
    server = services.ask_for("postgres")
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(SQL("drop database if exists {} with (force)").format(Identifier(name)))
        connection.execute(SQL("create database {} template template0").format(Identifier(name)))
    return f"{server}/{name}"


def _for_sqlalchemy(address: str) -> str:
    return address.replace("postgresql://", "postgresql+asyncpg://", 1)


# Mail -----------------------------------------------------------------------------------------


@pytest.fixture
def smtp_sink() -> Iterator[SmtpSink]:
    """A real SMTP server on loopback that keeps every mail."""
    server = SmtpServer()
    yield server.start()
    server.stop()


# Browser --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A running Chromium.

    One per module: while Playwright's blocking interface is open its loop counts as running in
    this thread, so a module that uses it holds no async test.
    """
    with sync_playwright() as playwright:
        running = browser.launch(playwright)
        yield running
        running.close()


@pytest.fixture
def browser_context(chromium: Browser) -> Iterator[BrowserContext]:
    """A fresh profile. The locale is set: the C locale's tag breaks `Intl` in the page."""
    context = chromium.new_context(locale="en-US", timezone_id="UTC")
    yield context
    context.close()


@pytest.fixture
def page(browser_context: BrowserContext) -> Page:
    """An empty tab of a fresh profile."""
    return browser_context.new_page()


@pytest.fixture(scope="session")
def screens(request: pytest.FixtureRequest) -> Pictures:
    """Pictures that a person looks at after a run with `--pictures`: in `.dev/screens`."""
    return Pictures(browser.ROOT / ".dev/screens" if request.config.option.pictures else None)
