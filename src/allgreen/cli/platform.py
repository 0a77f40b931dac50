"""The commands of the platform; they need the extra "server"."""

from typing import Annotated

import typer
import uvloop

from allgreen import failpoints
from allgreen.cli import admin
from allgreen.cli.exits import ExitCode
from allgreen.cli.logs import write_logs
from allgreen.cli.serve import serve_until_stopped
from allgreen.server.settings import Settings
from allgreen.storage.sql.database import Database

commands = typer.Typer(
    name="allgreen", add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False
)


@commands.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.")] = None,
) -> None:
    """Run the whole platform in one process: API, screens, checks and mails."""
    settings = Settings.load(host=host, port=port)
    write_logs()
    failpoints.arm(settings.failpoints)
    uvloop.run(serve_until_stopped(settings))


commands.add_typer(admin.commands)


@commands.command()
def migrate() -> None:
    """Bring the database up to date, after a copy of it was made, and end."""
    settings = Settings.load()
    write_logs()
    applied = uvloop.run(_migrate(settings))
    typer.echo(f"Applied {', '.join(applied)}." if applied else "The database is up to date.")


def run(arguments: list[str]) -> int:
    """Run one of the commands and return its exit code."""
    try:
        commands(arguments, prog_name="allgreen")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else ExitCode.DONE
    return ExitCode.DONE


async def _migrate(settings: Settings) -> list[str]:
    async with Database(settings.database, settings.read_secret_key()) as database:
        return await database.migrate()
