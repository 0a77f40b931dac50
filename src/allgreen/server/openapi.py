"""The API document: complete, and the same bytes for the same routes.

``python -m allgreen.server.openapi web/openapi.json`` writes it where the client is made from.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from allgreen.server.app import build_routes


def write_document() -> str:
    """Return the document as text."""
    return json.dumps(build_routes().openapi(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def main(arguments: Sequence[str]) -> None:
    """Write the document to a file, or to standard output."""
    if arguments:
        Path(arguments[0]).write_text(write_document(), encoding="utf-8")
    else:
        sys.stdout.write(write_document())


if __name__ == "__main__":
    main(sys.argv[1:])
