"""Which values that a JSON body is compared with may be shown to anybody.

Switches and numbers may. Texts may be secrets of the service, such as a key that it echoes; those
are for who may edit the check, and no message quotes them.
"""

import re
from typing import Final

from allgreen.domain.expectation import JsonOperator, JsonValue

LONGEST: Final = 40
"""Nobody counts that far: a longer number is a key."""

_PLAIN: Final = r"(?:true|false|null|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"
_IS_PLAIN: Final = re.compile(_PLAIN, re.ASCII)
_OPEN_WORDS: Final = re.compile(
    rf"is (?:not )?there|(?:not )?(?:above |below )?(?P<value>{_PLAIN})", re.ASCII
)


def is_open(leaf: JsonValue) -> bool:
    """Tell whether anybody may see what a value is compared with."""
    match leaf.operator:
        case JsonOperator.EXISTS:
            return True
        case JsonOperator.CONTAINS:
            return False
        case _:
            return len(leaf.value) <= LONGEST and _IS_PLAIN.fullmatch(leaf.value) is not None


def is_open_in_words(expected: str) -> bool:
    """Tell the same of what an explanation of a `JsonValue` says is expected."""
    words = _OPEN_WORDS.fullmatch(expected)
    return words is not None and len(words["value"] or "") <= LONGEST
