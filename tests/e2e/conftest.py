"""What tests of screens share."""

from __future__ import annotations

import pytest

from tests.looks import Look, Pictures, look_at


@pytest.fixture
def look(screens: Pictures) -> Look:
    """Take pictures of a screen for a person, and look at it as strictly as a machine can."""
    return lambda page, name: look_at(page, screens, name)
