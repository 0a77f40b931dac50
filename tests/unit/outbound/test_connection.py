"""Whose fault an error of the system is."""

import errno

import pytest

from allgreen.domain.status import FailureClass, Outcome
from allgreen.outbound.connection import explain_os_error


@pytest.mark.parametrize(
    "code",
    [
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOBUFS,
        errno.ENOMEM,
        errno.EADDRNOTAVAIL,
        errno.ENETUNREACH,
        errno.ENETDOWN,
        errno.EACCES,
        errno.EPERM,
    ],
    ids=errno.errorcode.get,
)
def test_what_our_machine_lacks_is_never_the_fault_of_a_target(code: int) -> None:
    fault = explain_os_error(code, "1.2.3.4:80")

    assert (fault.outcome, fault.failure) == (Outcome.PROBE_ERROR, None)
    assert fault.message.endswith("This says nothing about 1.2.3.4:80.")


@pytest.mark.parametrize(
    "code",
    [errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ETIMEDOUT, errno.ECONNRESET, errno.EIO, None],
)
def test_what_a_target_does_to_a_connection_is_its_fault(code: int | None) -> None:
    fault = explain_os_error(code, "1.2.3.4:80")

    assert (fault.outcome, fault.failure) == (Outcome.FAIL, FailureClass.CONNECT)
    assert "1.2.3.4:80" in fault.message
