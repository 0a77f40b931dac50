"""docs/reference/settings.md and the settings say the same."""

from __future__ import annotations

import re
from enum import Enum

from pydantic import AliasChoices
from pydantic.fields import FieldInfo

from allgreen.server.settings import PREFIX, Settings
from tests.checkout import ROOT

ROW = re.compile(rf"^\| `({PREFIX}\w+)` \|([^|]*)\|", re.MULTILINE)


def test_every_setting_is_described_and_none_else() -> None:
    assert set(_described()) == {
        _name(field, info) for field, info in Settings.model_fields.items()
    }


def test_every_plain_default_is_told() -> None:
    described = _described()

    wrong = {
        _name(field, info): described[_name(field, info)]
        for field, info in Settings.model_fields.items()
        if (default := _plain_default(info)) and described[_name(field, info)] != f"`{default}`"
    }

    assert wrong == {}


def _described() -> dict[str, str]:
    page = (ROOT / "docs/reference/settings.md").read_text()
    return {name: default.strip() for name, default in ROW.findall(page)}


def _name(field: str, info: FieldInfo) -> str:
    if isinstance(info.validation_alias, AliasChoices):
        return str(info.validation_alias.choices[0])
    return f"{PREFIX}{field.upper()}"


def _plain_default(info: FieldInfo) -> str:
    """Return a default as people write it; nothing when it depends on the machine."""
    if isinstance(info.default, Enum):
        return str(info.default.value)
    if isinstance(info.default, int | float):
        return f"{info.default:g}"
    return info.default if isinstance(info.default, str) else ""
