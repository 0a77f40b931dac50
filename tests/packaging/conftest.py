"""The wheel of this checkout, and an environment that holds nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.packaging.fresh import build_wheel, make_environment


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built once."""
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def bare_python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a fresh environment with the wheel, installed from no index at all."""
    return make_environment(tmp_path_factory.mktemp("bare") / "venv", wheel)
