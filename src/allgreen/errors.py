"""Every exception of Allgreen.

AllgreenError
├── MissingExtraError (ImportError)      an optional dependency is not installed
├── CheckDefinitionError (ValueError)    a check of a program cannot be what was written
│   ├── ConfigBrokenError                the file of the checks could not be loaded
│   ├── DuplicateCheckError              two checks have one name
│   ├── FrequencyError                   how often it runs cannot be read
│   └── UnknownOptionError (TypeError)   an option that there is not; says which may be meant
├── ConfigNotFoundError (FileNotFoundError)  the file of the checks is not where it was said to be
├── HeartbeatUnreadableError (ValueError) a heartbeat file holds something else
├── ExpectationFailedError (AssertionError) something is not as a check expects it
├── ExpectationInvalidError (TypeError)  nobody can tell, because the question makes no sense
├── StateBusyError (TimeoutError)        somebody else holds a file of state, and does not let go
├── HealthCheckError                     a component could not be checked
│   ├── HealthCheckTimeoutError (TimeoutError)
│   └── UnknownComponentError (ValueError)  nobody registered it; says which may be meant
├── UnknownApplicationError (TypeError)  nobody knows how to mount the health page there
├── SettingsError (ValueError)           the environment or a file asks for something impossible
├── InvalidInputError (ValueError)       what a person typed cannot be saved; one problem per field
├── NotSignedInError (PermissionError)   nobody is asking
├── NotAllowedError (PermissionError)    somebody is asking who may not
├── ProofNeededError (PermissionError)   who is asking must show once more that it is them
├── SignInFailedError (PermissionError)  a provider did not say who somebody is, or nobody we know
├── OtherAddressError (PermissionError)  an invitation is for another address than the one who asks
├── NotFoundError (LookupError)          absent, or hidden from the one who asks
│   └── InvitationVoidError              it expired, was withdrawn, or its workspace is gone
├── VersionConflictError                 somebody else saved first
├── TooManyError                         a limit was reached; says when to come back
├── BusyError                            more at once than can be done; says when to come back
├── StorageError (OSError)
│   ├── StorageUnavailableError          the database cannot be reached or read
│   │   └── SecretUnreadableError        a secret was written with another key
│   └── StorageFullError                 the disk is full; nothing was written
├── PortTakenError (OSError)             nobody can be answered at an address
├── TargetBlockedError (PermissionError) the guard refuses to reach an address
└── DeliveryError
    ├── DeliveryDelayedError             try again later
    └── DeliveryRefusedError             trying again cannot help

A failing target is never an exception: it is a `Result`.
"""

from __future__ import annotations

TYPE_CHECKING = (
    False  # on the way of `from allgreen import check`, where `typing` is slow to import
)
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Self


class AllgreenError(Exception):
    """The root of all errors that Allgreen raises on purpose."""


class MissingExtraError(AllgreenError, ImportError):
    """An optional part of Allgreen was used without the packages that it needs."""

    def __init__(self, extra: str, package: str) -> None:
        self.extra = extra
        self.package = package
        super().__init__(
            f"This needs the package {package!r}, which is not installed. "
            f"Install Allgreen with its extra: pip install 'allgreen[{extra}]'"
        )


class CheckDefinitionError(AllgreenError, ValueError):
    """A check of a program cannot be what was written."""


class DuplicateCheckError(CheckDefinitionError):
    """Two checks have one name."""

    def __init__(self, name: str, first: object, second: object) -> None:
        self.name = name
        super().__init__(
            f"Two checks are called {name!r}: one at {first or 'an unknown place'}, and one at "
            f"{second or 'an unknown place'}. Give one of them another name=."
        )


class FrequencyError(CheckDefinitionError):
    """How often a check runs was said in words that cannot be read.

    Attributes:
        place: Where the wrong word begins, and how many characters it has.
    """

    def __init__(
        self, text: str, place: tuple[int, int], reason: str, suggestion: str | None = None
    ) -> None:
        self.text = text
        self.place = place
        self.reason = reason
        self.suggestion = suggestion
        begin, length = place
        hint = f"Did you mean {suggestion!r}?" if suggestion else "Write '2 times per day'."
        super().__init__(
            f"run= cannot be read. {reason} {hint}\n    {text}\n    {' ' * begin}{'^' * length}"
        )


class UnknownOptionError(CheckDefinitionError, TypeError):
    """A check was given an option that there is not."""

    def __init__(self, option: str, suggestion: str | None) -> None:
        self.option = option
        self.suggestion = suggestion
        hint = f" Did you mean {suggestion!r}?" if suggestion else ""
        super().__init__(f"A check has no option {option!r}.{hint}")


class ConfigBrokenError(CheckDefinitionError):
    """The file in which the checks of a program are written could not be loaded.

    Attributes:
        file: Its path.
        line: Where it failed, from 1; `None` when no line is at fault.
        reason: What is wrong there.
        details: The whole traceback, for developers; empty when nothing was run.
    """

    def __init__(
        self, file: str, line: int | None, reason: str, note: str = "", details: str = ""
    ) -> None:
        self.file = file
        self.line = line
        self.reason = reason
        self.details = details
        where = file if line is None else f"{file}, line {line}"
        super().__init__(" ".join(part for part in (f"{where}: {reason}", note) if part))


class ConfigNotFoundError(AllgreenError, FileNotFoundError):
    """The file of the checks is not where it was said to be."""

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(
            f"There is no file {path}. The checks were to be read from it: create it, or give the "
            "path of the one that there is."
        )


class HeartbeatUnreadableError(AllgreenError, ValueError):
    """A heartbeat file holds something else."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"This is no heartbeat file: {reason}.")


class ExpectationFailedError(AllgreenError, AssertionError):
    """Something is not as a check expects it.

    Attributes:
        message: Sentence for people.
        expected: What was asked for, in the words of Python; `None` when nothing was compared.
        actual: What was found instead.
    """

    def __init__(
        self, message: str, *, expected: str | None = None, actual: str | None = None
    ) -> None:
        self.message = message
        self.expected = expected
        self.actual = actual
        super().__init__(message)


class ExpectationInvalidError(AllgreenError, TypeError):
    """Whether something is as a check expects it cannot be told: the question makes no sense."""


class StateBusyError(AllgreenError, TimeoutError):
    """Somebody else holds a file of state, and does not let go."""

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(f"Another process or thread holds {path}, and does not let go of it.")


class HealthCheckError(AllgreenError):
    """A component could not be checked."""


class HealthCheckTimeoutError(HealthCheckError, TimeoutError):
    """A component did not answer in time."""


class UnknownComponentError(HealthCheckError, ValueError):
    """A component was asked for that nobody registered."""

    def __init__(self, name: str, suggestion: str | None) -> None:
        self.name = name
        self.suggestion = suggestion
        hint = f" Did you mean {suggestion!r}?" if suggestion else ""
        super().__init__(f"Component {name!r} is not registered.{hint}")


class UnknownApplicationError(AllgreenError, TypeError):
    """The health page cannot be mounted in what was given."""

    def __init__(self, application: object) -> None:
        kind = f"{type(application).__module__}.{type(application).__qualname__}"
        super().__init__(
            f"The health page can be mounted in applications of Flask, Django, FastAPI and "
            f"Starlette, and in what can be called as WSGI or ASGI. This is neither: {kind}. "
            f"Wrap it in WsgiHealth or AsgiHealth yourself."
        )


class SettingsError(AllgreenError, ValueError):
    """A setting cannot be used."""

    def __init__(self, setting: str, message: str) -> None:
        self.setting = setting
        super().__init__(f"{setting}: {message}")


class FieldProblem:
    """Why one field cannot be saved.

    Attributes:
        field: Dotted path into what was sent, such as ``checks.0.url``; empty for the whole.
        code: Stable word for programs.
        message: Sentence for people that says what to change.
    """

    __slots__ = ("code", "field", "message")

    def __init__(self, *, field: str, code: str, message: str) -> None:
        self.field = field
        self.code = code
        self.message = message

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FieldProblem) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        return "FieldProblem(field={!r}, code={!r}, message={!r})".format(*self._key())

    def _key(self) -> tuple[str, str, str]:
        return self.field, self.code, self.message

    def under(self, prefix: str) -> Self:
        """Return the same problem with its field below `prefix`."""
        path = f"{prefix}.{self.field}" if self.field else prefix
        return type(self)(field=path, code=self.code, message=self.message)


class InvalidInputError(AllgreenError, ValueError):
    """What was sent cannot be saved; nothing was changed."""

    def __init__(self, problems: Iterable[FieldProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__(" ".join(problem.message for problem in self.problems))

    @classmethod
    def at(cls, field: str, code: str, message: str) -> Self:
        """Build the error of a single field."""
        return cls([FieldProblem(field=field, code=code, message=message)])


class NotSignedInError(AllgreenError, PermissionError):
    """The request carries no valid session."""

    def __init__(self, message: str = "Sign in to continue.") -> None:
        super().__init__(message)


class NotAllowedError(AllgreenError, PermissionError):
    """The caller may see the object but not do this to it."""

    def __init__(
        self,
        action: str,
        reason: str = "Your role in this workspace does not allow this. Ask an owner.",
    ) -> None:
        self.action = action
        super().__init__(reason)


class ProofNeededError(AllgreenError, PermissionError):
    """What is asked for endangers an account, and the password was typed long ago."""

    def __init__(self) -> None:
        super().__init__("Type your password once more, then do it again.")


class OtherAddressError(AllgreenError, PermissionError):
    """An invitation was sent to another address than the verified one of the caller.

    Attributes:
        masked: The address, so that only who knows it recognises it.
    """

    def __init__(self, masked: str) -> None:
        self.masked = masked
        super().__init__(
            f"This invitation was sent to {masked}. Sign in with the account whose verified "
            "address that is, or ask for an invitation to the address of this one."
        )


class SignInFailedError(AllgreenError, PermissionError):
    """Somebody who wanted to sign in by a provider is not let in.

    Attributes:
        title: What happened, in few words; the message says what to do.
        is_foreign: The provider itself failed, and nobody here did anything wrong.
    """

    def __init__(self, title: str, message: str, *, is_foreign: bool = False) -> None:
        self.title = title
        self.is_foreign = is_foreign
        super().__init__(message)


class NotFoundError(AllgreenError, LookupError):
    """The object does not exist, or the caller may not know that it does."""

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(f"There is no such {what}.")


class InvitationVoidError(NotFoundError):
    """An invitation is of no use any more; why is not told, for it may have been withdrawn."""

    def __init__(self) -> None:
        super().__init__("invitation")
        self.args = (
            "This invitation does not work any more. Ask who invited you to send a new one.",
        )


class VersionConflictError(AllgreenError):
    """Somebody else changed the object since it was read; nothing was overwritten."""

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(f"Someone else changed this {what} meanwhile. Reload it and try again.")


class TooManyError(AllgreenError):
    """A limit was reached.

    Attributes:
        retry_after_s: Whole seconds until the same request can succeed.
    """

    def __init__(self, message: str, retry_after_s: int) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(message)


class BusyError(AllgreenError):
    """More was asked for at once than can be done; nothing was done.

    Attributes:
        retry_after_s: Whole seconds after which to try again.
    """

    def __init__(self, retry_after_s: int) -> None:
        self.retry_after_s = retry_after_s
        super().__init__("Too many people ask for this at once. Try again in a few seconds.")


class StorageError(AllgreenError, OSError):
    """The database did not do what was asked; nothing was half-written."""


class StorageUnavailableError(StorageError):
    """The database cannot be reached, opened or read."""


class SecretUnreadableError(StorageUnavailableError):
    """A stored secret was encrypted with another key, or was changed."""

    def __init__(self) -> None:
        super().__init__(
            "The secret key does not fit this database: it was written with another one. "
            "Start again with the ALLGREEN_SECRET_KEY, or the key file, that was used before."
        )


class StorageFullError(StorageError):
    """The disk is full; nothing of the change was written."""


class PortTakenError(AllgreenError, OSError):
    """The address cannot be listened on."""


class TargetBlockedError(AllgreenError, PermissionError):
    """The guard refuses to connect to an address.

    Attributes:
        address: The number (or name) that was refused.
    """

    def __init__(self, address: str, reason: str) -> None:
        self.address = address
        self.reason = reason
        super().__init__(f"{address} is not reached from here: {reason}")


class DeliveryError(AllgreenError):
    """A message was not accepted by its channel."""


class DeliveryDelayedError(DeliveryError):
    """The channel cannot take the message now; a later attempt may succeed.

    Attributes:
        is_unsure: The answer was lost after the message was handed over: it may have arrived.
    """

    def __init__(self, message: str, *, is_unsure: bool = False) -> None:
        self.is_unsure = is_unsure
        super().__init__(message)


class DeliveryRefusedError(DeliveryError):
    """The channel will never take this message."""
