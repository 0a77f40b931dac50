"""Memory: of a machine and of a container, read from files as Linux has them."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from allgreen.domain.status import ComponentStatus, HealthStatus
from allgreen.errors import SettingsError
from allgreen.health.components import memory as module
from allgreen.health.components.memory import memory
from tests.unit.health.components.taking import take_check

MIB = 1024**2


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def a_machine(root: Path, *, available: int = 600) -> Path:
    """Write a machine with 1,000 kB of memory."""
    lines = ["MemTotal: 1000 kB", "MemFree: 10 kB", f"MemAvailable: {available} kB", "Odd:"]
    write(root / "proc/meminfo", "\n".join(lines))
    return root


def second_version(root: Path, group: str, used: int, limit: str, idle: int = 0) -> None:
    """Write a control group of version 2."""
    folder = root / "sys/fs/cgroup" / group.lstrip("/")
    write(folder / "memory.max", f"{limit}\n")
    write(folder / "memory.current", f"{used}\n")
    write(folder / "memory.stat", f"anon 5\n\ninactive_file {idle}\nactive_file 7\n")


def first_version(root: Path, group: str, used: int, limit: int, idle: int = 0) -> None:
    """Write a control group of version 1."""
    folder = root / "sys/fs/cgroup/memory" / group.lstrip("/")
    write(folder / "memory.limit_in_bytes", str(limit))
    write(folder / "memory.usage_in_bytes", str(used))
    write(folder / "memory.stat", f"inactive_file 1\ntotal_inactive_file {idle}\n")


def read(root: Path, max_used_pct: float = 90) -> ComponentStatus:
    return take_check(memory(max_used_pct, root=root))


@pytest.mark.parametrize(
    ("available", "status"),
    [(600, HealthStatus.HEALTHY), (100, HealthStatus.HEALTHY), (99, HealthStatus.UNHEALTHY)],
)
def test_what_is_available_is_not_in_use(
    tmp_path: Path, available: int, status: HealthStatus
) -> None:
    assert read(a_machine(tmp_path, available=available)).status is status


def test_figures_are_shown(tmp_path: Path) -> None:
    found = read(a_machine(tmp_path))

    assert found.message == "40.0 % of the memory of the machine is in use"
    assert found.metadata == {"machine_used_pct": 40.0, "limit_bytes": 1000}


def test_a_container_near_its_limit_is_unhealthy_although_the_machine_has_room(
    tmp_path: Path,
) -> None:
    write(tmp_path / "proc/self/cgroup", "0::/app\n")
    second_version(a_machine(tmp_path), "app", 95 * MIB, str(100 * MIB))

    found = read(tmp_path)

    assert found.status is HealthStatus.UNHEALTHY
    assert found.message == "95.0 % of the memory of the container is in use, and 90 % may be"


def test_files_that_nobody_reads_do_not_count(tmp_path: Path) -> None:
    write(tmp_path / "proc/self/cgroup", "0::/app\n")
    second_version(a_machine(tmp_path), "app", 95 * MIB, str(100 * MIB), idle=50 * MIB)

    assert read(tmp_path).metadata["container_used_pct"] == 45.0


def test_the_limit_of_a_group_above_counts_too(tmp_path: Path) -> None:
    write(tmp_path / "proc/self/cgroup", "0::/pod/app\n")
    second_version(a_machine(tmp_path), "pod/app", 10 * MIB, "max")
    second_version(tmp_path, "pod", 95 * MIB, str(100 * MIB))

    assert read(tmp_path).status is HealthStatus.UNHEALTHY


def test_the_first_version_is_read_too(tmp_path: Path) -> None:
    write(tmp_path / "proc/self/cgroup", "5:devices:/docker/1\n4:cpu,memory:/docker/1\n0::/\n")
    # In the container the path of the host is not there, and its root is the container's own.
    first_version(a_machine(tmp_path), "", 95 * MIB, 100 * MIB, idle=MIB)

    assert read(tmp_path).metadata["container_used_pct"] == 94.0


@pytest.mark.parametrize(
    "groups", [None, "", "0::/app\n", "1:cpu:/app\n"], ids=["absent", "empty", "gone", "other"]
)
def test_without_a_limit_the_machine_counts(tmp_path: Path, groups: str | None) -> None:
    if groups is not None:
        write(tmp_path / "proc/self/cgroup", groups)

    assert set(read(a_machine(tmp_path)).metadata) == {"machine_used_pct", "limit_bytes"}


def test_a_limit_of_nothing_is_none(tmp_path: Path) -> None:
    write(tmp_path / "proc/self/cgroup", "0::/app\n")
    second_version(a_machine(tmp_path), "app", 5, "0")

    assert "container_used_pct" not in read(tmp_path).metadata


@pytest.mark.parametrize(
    "text", ["", "MemTotal: 1000 kB", "MemTotal: many", "MemTotal: 0 kB\nMemAvailable: 0 kB"]
)
def test_what_cannot_be_read_is_degraded_and_never_healthy(tmp_path: Path, text: str) -> None:
    write(tmp_path / "proc/meminfo", text)

    found = read(tmp_path)

    assert found.status is HealthStatus.DEGRADED
    assert "cannot be read" in found.message


def test_elsewhere_psutil_is_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    psutil = ModuleType("psutil")
    psutil.virtual_memory = lambda: SimpleNamespace(total=1000, available=50)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "psutil", psutil)
    monkeypatch.setattr(module, "_ROOT", tmp_path)

    assert read(tmp_path).metadata["machine_used_pct"] == 95.0


def test_elsewhere_without_psutil_it_is_degraded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "psutil", None)
    monkeypatch.setattr(module, "_ROOT", tmp_path)

    assert read(tmp_path).status is HealthStatus.DEGRADED


def test_this_machine_can_be_read() -> None:
    assert take_check(memory(100)).status is not HealthStatus.UNHEALTHY


@pytest.mark.parametrize("max_used_pct", [0, -1, 101, float("nan")])
def test_a_number_that_cannot_be_is_refused(max_used_pct: float) -> None:
    with pytest.raises(SettingsError, match="max_used_pct"):
        memory(max_used_pct)
