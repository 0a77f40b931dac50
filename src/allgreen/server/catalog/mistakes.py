"""What is wrong with a form, collected so that people see all of it at once."""

from collections.abc import Callable
from dataclasses import dataclass, field

from allgreen.errors import FieldProblem, InvalidInputError


@dataclass(slots=True)
class Problems:
    """Collects what is wrong, each with its field."""

    found: list[FieldProblem] = field(default_factory=list)

    def add(self, where: str, code: str, message: str) -> None:
        """Note one problem of one field."""
        self.found.append(FieldProblem(field=where, code=code, message=message))

    def check(self, where: str, code: str, validate: Callable[[], object]) -> None:
        """Note the sentence of the `ValueError` that a validation raises."""
        try:
            validate()
        except ValueError as error:
            self.add(where, code, str(error))

    def refuse(self) -> None:
        """Raise when there is any.

        Raises:
            InvalidInputError: With all of them.
        """
        if self.found:
            raise InvalidInputError(self.found)


def join(under: str, name: str | int) -> str:
    """Return the path of a field below another."""
    return f"{under}.{name}" if under else str(name)
