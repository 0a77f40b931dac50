"""The version of the program."""

from __future__ import annotations

from pathlib import Path

import pytest

from allgreen.health.heartbeat.version_file import UNKNOWN_VERSION, read_version


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("pyproject.toml", '[project]\nname = "shop"\nversion = "1.2.3"\n'),
        ("pyproject.toml", '\ufeff[project]\nversion = "1.2.3"\n'),
        ("pyproject.toml", '[tool.poetry]\nversion = "1.2.3"\n'),
        ("package.json", '{"name": "shop", "version": "1.2.3"}'),
        ("VERSION", "1.2.3\n"),
        ("version.txt", "\n1.2.3\nbuilt on Monday\n"),
    ],
    ids=["pyproject", "byte order mark", "poetry", "package", "text", "first line"],
)
def test_the_version_is_read(name: str, content: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")

    assert read_version(path) == "1.2.3"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("pyproject.toml", b'[project]\nname = "shop"\ndynamic = ["version"]\n'),
        ("pyproject.toml", b"[project\n"),
        ("pyproject.toml", b'project = "1.2.3"'),
        ("pyproject.toml", b"[project]\nversion = 3\n"),
        ("pyproject.toml", b"\xff\xfe"),
        ("package.json", b'{"version": 3}'),
        ("package.json", b"["),
        ("package.json", b"[" * 100_000),
        ("package.json", b'{"version": "\\ud800"}'),
        ("VERSION", b""),
        ("VERSION", b"The version is 3\n"),
        ("VERSION", b"1" * 101),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_no_version_is_unknown(name: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    assert read_version(path) == UNKNOWN_VERSION


def test_a_missing_file_is_no_fault(tmp_path: Path) -> None:
    assert read_version(tmp_path / "missing.toml") == UNKNOWN_VERSION
    assert read_version(tmp_path) == UNKNOWN_VERSION
    assert read_version(None) == UNKNOWN_VERSION
