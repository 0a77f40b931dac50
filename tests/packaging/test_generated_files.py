"""What is generated and committed is what the generators make today."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.checkout import ROOT

WEB = ROOT / "web"


def test_the_api_document_is_fresh(tmp_path: Path) -> None:
    exported = tmp_path / "openapi.json"

    _run([sys.executable, "-m", "allgreen.server.openapi", str(exported)], cwd=tmp_path)

    committed = (WEB / "openapi.json").read_text()
    assert exported.read_text() == committed, "Run ./dev api and commit what it changed."


def test_the_client_is_fresh(tmp_path: Path) -> None:
    generated = tmp_path / "api"

    _run([_npm(), "exec", "--", "openapi-ts", "-o", str(generated)], cwd=WEB)

    assert _texts(generated) == _texts(WEB / "src/api"), "Run ./dev api and commit what it changed."


def _npm() -> str:
    return str(Path(sys.executable).with_name("npm"))


def _run(command: list[str], *, cwd: Path) -> None:
    # npm starts the `node` that it finds on PATH; the machine's own may be too old.
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    result = subprocess.run(
        command,
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": programs},
    )
    assert result.returncode == 0, result.stdout + result.stderr


def _texts(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
