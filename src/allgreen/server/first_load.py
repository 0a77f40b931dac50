"""What a screen asks for first, named in its page.

The browser learns of a module when the one before it has run. Named in the page, all of them come at
once, which spares a slow network a round trip for each.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from allgreen.server.wire import API

MANIFEST: Final = "manifest.json"
_COMPONENT: Final = "?tsr-split=component"
_ROUTES: Final = "src/routes/_signed-in"
_APP: Final = ("src/app.tsx", f"{_ROUTES}.tsx{_COMPONENT}")
_WORKSPACE: Final = f"{_ROUTES}/workspaces.$workspaceId"
FIRST_MODULES: Final[Sequence[tuple[re.Pattern[str], Sequence[str]]]] = (
    # As `main.tsx` and `auth-page.tsx` tell them apart.
    (re.compile(r"(login|register|setup|forgot)/?"), ("src/auth-page.tsx",)),
    (re.compile(r"(invite|reset)/[^/]+/?"), ("src/linked-page.tsx",)),
    (re.compile(r""), (*_APP, f"{_ROUTES}/index.tsx{_COMPONENT}")),
    (
        re.compile(r"workspaces/[^/]+/?"),
        (
            *_APP,
            f"{_WORKSPACE}/route.tsx{_COMPONENT}",
            f"{_WORKSPACE}/index.tsx{_COMPONENT}",
        ),
    ),
    (re.compile(r".*"), _APP),
)
"""For each kind of address the modules of the build that draw its screen; the first that fits."""


_ASKED_BY: Final[Mapping[str, str]] = {"src/app.tsx": f"{API}/me"}
"""What a module asks the server for as soon as it runs."""


def name_first_load(page: str, manifest: bytes, modules: Sequence[str]) -> str:
    """Return a page that names the files of some modules, but for those that it names already.

    It also names the answer that all others wait for: asked for at once it is there when they ask.
    """
    chunks: dict[str, dict[str, Any]] = json.loads(manifest)
    named = dict.fromkeys(_files(chunks, modules))
    links = "".join(_link(file) for file in named if f'"/{file}"' not in page)
    asked = (_ASKED_BY[module] for module in modules if module in chunks and module in _ASKED_BY)
    # With `crossorigin`, as `fetch` asks by itself; else it would be asked for twice.
    links += "".join(
        f'<link rel="preload" as="fetch" crossorigin href="{path}">\n' for path in asked
    )
    return page.replace("</head>", f"{links}</head>", 1)


def _files(chunks: Mapping[str, Mapping[str, Any]], modules: Sequence[str]) -> Iterator[str]:
    """Yield the files of modules and of all that they import."""
    seen: set[str] = set()
    # A build that names its modules otherwise is only slower.
    waiting = [module for module in modules if module in chunks]
    while waiting:
        module = waiting.pop(0)
        if module in seen:
            continue
        seen.add(module)
        yield from (chunks[module]["file"], *chunks[module].get("css", ()))
        waiting += chunks[module].get("imports", ())


def _link(file: str) -> str:
    if file.endswith(".css"):
        return f'<link rel="preload" as="style" crossorigin href="/{file}">\n'
    return f'<link rel="modulepreload" crossorigin href="/{file}">\n'
