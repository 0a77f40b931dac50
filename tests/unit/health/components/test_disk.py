"""Disks with and without room."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from allgreen.domain.status import ComponentStatus, HealthStatus
from allgreen.errors import SettingsError
from allgreen.health.components.disk import disk
from tests.unit.health.components.taking import take_check

GIB = 1024**3


@pytest.fixture
def ten_percent_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk of 100 GiB with 10 GiB free, of which root keeps nothing."""
    usage = SimpleNamespace(total=100 * GIB, used=90 * GIB, free=10 * GIB)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    _set_files(monkeypatch, total=0)


def _set_files(monkeypatch: pytest.MonkeyPatch, *, total: int, free: int = 0) -> None:
    found = SimpleNamespace(f_files=total, f_ffree=free, f_favail=free)
    monkeypatch.setattr(os, "statvfs", lambda _: found, raising=False)


def read(path: str | Path = ".", **options: Any) -> ComponentStatus:
    return take_check(disk(path, **options))


def test_a_real_disk_is_measured(tmp_path: Path) -> None:
    found = read(tmp_path, min_free_bytes=1)

    usage = shutil.disk_usage(tmp_path)
    assert found.status is HealthStatus.HEALTHY
    assert found.metadata["total_bytes"] == usage.total
    assert found.metadata["path"] == str(tmp_path)


@pytest.mark.usefixtures("ten_percent_free")
@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({}, HealthStatus.HEALTHY),
        ({"min_free_pct": 10.1}, HealthStatus.UNHEALTHY),
        ({"min_free_bytes": 10 * GIB}, HealthStatus.HEALTHY),
        ({"min_free_bytes": 10 * GIB + 1}, HealthStatus.UNHEALTHY),
        ({"min_free_bytes": GIB, "min_free_pct": 50}, HealthStatus.UNHEALTHY),
        ({"min_free_bytes": 50 * GIB, "min_free_pct": 5}, HealthStatus.UNHEALTHY),
        ({"min_free_pct": 0}, HealthStatus.HEALTHY),
    ],
    ids=str,
)
def test_what_is_asked_for_must_be_free(options: dict[str, Any], status: HealthStatus) -> None:
    assert read(**options).status is status


@pytest.mark.usefixtures("ten_percent_free")
def test_what_is_free_is_said() -> None:
    assert read().message == "10.0 GiB are free (10 %)"
    assert read(min_free_bytes=20 * GIB, min_free_pct=20).message == (
        "10.0 GiB are free, and 20.0 GiB are needed; 10.0 % are free, and 20 % are needed"
    )


@pytest.mark.usefixtures("ten_percent_free")
@pytest.mark.parametrize(
    ("free", "status"), [(500, HealthStatus.HEALTHY), (5, HealthStatus.UNHEALTHY)]
)
def test_a_disk_without_files_left_is_full(
    monkeypatch: pytest.MonkeyPatch, free: int, status: HealthStatus
) -> None:
    _set_files(monkeypatch, total=1000, free=free)

    assert read(min_free_bytes=GIB).status is status


@pytest.mark.usefixtures("ten_percent_free")
def test_where_files_cannot_be_counted_room_alone_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "statvfs")

    assert read().status is HealthStatus.HEALTHY


def test_a_disk_of_no_size_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(total=0, used=0, free=0))
    _set_files(monkeypatch, total=0)

    found = read()
    assert found.status is HealthStatus.UNHEALTHY
    assert "0.0 % are free" in found.message


@pytest.mark.parametrize(
    ("free", "text"), [(0, "0 B"), (2048, "2.0 KiB"), (3 * 1024**6, "3072.0 PiB")]
)
def test_sizes_are_written_for_people(
    monkeypatch: pytest.MonkeyPatch, free: int, text: str
) -> None:
    usage = SimpleNamespace(total=free, used=0, free=free)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)

    assert read(min_free_bytes=0).message.startswith(f"{text} are free")


def test_a_path_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "absent")


@pytest.mark.parametrize(
    "options", [{"min_free_bytes": -1}, {"min_free_pct": -1}, {"min_free_pct": 101}], ids=str
)
def test_a_number_that_cannot_be_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=next(iter(options))):
        disk(**options)
