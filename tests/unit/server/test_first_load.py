"""A page names what its screen asks for first."""

from __future__ import annotations

import json

import pytest

from allgreen.server.first_load import FIRST_MODULES, name_first_load

PAGE = '<head><script type="module" src="/assets/index.js"></script></head><body></body>'
BUILD = {
    "src/app.tsx": {"file": "assets/app.js", "imports": ["_kit.js", "index.html"]},
    "_kit.js": {"file": "assets/kit.js", "css": ["assets/kit.css"], "imports": ["src/app.tsx"]},
    "index.html": {"file": "assets/index.js"},
    "src/settings.tsx": {"file": "assets/settings.js"},
}


def _modules_for(path: str) -> tuple[str, ...]:
    return tuple(next(modules for address, modules in FIRST_MODULES if address.fullmatch(path)))


def test_the_files_of_a_module_and_of_its_imports_are_named_once() -> None:
    page = name_first_load(PAGE, json.dumps(BUILD).encode(), ["src/app.tsx"])

    assert page.count("/assets/index.js") == 1
    assert '<link rel="modulepreload" crossorigin href="/assets/app.js">' in page
    assert '<link rel="modulepreload" crossorigin href="/assets/kit.js">' in page
    assert '<link rel="preload" as="style" crossorigin href="/assets/kit.css">' in page
    assert "settings.js" not in page


def test_who_is_signed_in_is_asked_for_once_by_pages_of_the_signed_in() -> None:
    build = json.dumps(BUILD).encode()
    asks = '<link rel="preload" as="fetch" crossorigin href="/api/v1/me">'

    assert name_first_load(PAGE, build, ["src/app.tsx"]).count(asks) == 1
    assert asks not in name_first_load(PAGE, build, ["src/settings.tsx"])


def test_a_build_without_the_module_is_left_as_it_is() -> None:
    assert name_first_load(PAGE, b"{}", ["src/app.tsx"]) == PAGE


@pytest.mark.parametrize(
    ("path", "module"),
    [
        ("login", "src/auth-page.tsx"),
        ("invite/token", "src/linked-page.tsx"),
        ("", "src/routes/_signed-in/index.tsx?tsr-split=component"),
        ("settings", "src/app.tsx"),
        (
            "workspaces/1",
            "src/routes/_signed-in/workspaces.$workspaceId/index.tsx?tsr-split=component",
        ),
        ("workspaces/1/members", "src/app.tsx"),
    ],
)
def test_each_address_has_modules_of_its_own(path: str, module: str) -> None:
    assert module in _modules_for(path)
