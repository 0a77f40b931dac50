"""Logs: JSON lines on standard error, and words for people at a terminal."""

import logging
import sys
from collections.abc import Sequence

import structlog
from structlog.types import Processor


def write_logs() -> None:
    """Send all logs of this process to standard error."""
    is_terminal = sys.stderr.isatty()
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(),
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_renderers(is_terminal=is_terminal),
            ],
        )
    )
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # One line for each migration step says nothing to an operator; nor does each connection.
    for name in ("alembic", "uvicorn.error", "aiosqlite"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _renderers(*, is_terminal: bool) -> Sequence[Processor]:
    if is_terminal:
        # The usual traceback: the colourful one prints local variables, passwords among them.
        return [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    # JSON escapes control characters, so no text of others can begin a line of its own.
    return [
        structlog.processors.format_exc_info,
        structlog.processors.EventRenamer("message"),
        structlog.processors.JSONRenderer(),
    ]
