"""SIGTERM is heard, told, and handed on to whoever listened before."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import pytest
import uvloop

from allgreen.health.serving.draining import SigtermListener

pytestmark = pytest.mark.semantics(62)
PATIENCE_S = 20.0


class Server:
    """What a server does: it is told by a signal that it must stop."""

    def __init__(self) -> None:
        self.heard: list[int] = []
        self.bell = threading.Event()

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self.heard.append(number)
        self.bell.set()


@pytest.fixture(autouse=True)
def _handler_of_the_test_run() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def server() -> Server:
    made = Server()
    signal.signal(signal.SIGTERM, made)
    return made


def send() -> None:
    signal.raise_signal(signal.SIGTERM)


def test_a_signal_is_told_and_handed_on(server: Server) -> None:
    began: list[str] = []
    listener = SigtermListener(lambda: began.append("begin"))

    assert listener.listen()
    send()

    assert began == ["begin"]
    assert server.heard == [signal.SIGTERM]


def test_each_signal_after_the_first_is_handed_on(server: Server) -> None:
    began: list[str] = []
    SigtermListener(lambda: began.append("begin")).listen()

    send()
    send()

    assert began == ["begin"]
    assert len(server.heard) == 2


def test_a_signal_is_held_back_for_the_delay(server: Server) -> None:
    began: list[str] = []
    SigtermListener(lambda: began.append("begin"), delay_s=0.2).listen()

    send()
    told, heard_at_once = list(began), list(server.heard)

    assert told == ["begin"]
    assert heard_at_once == []
    assert server.bell.wait(PATIENCE_S)
    assert server.heard == [signal.SIGTERM]


def test_a_second_signal_is_handed_on_within_the_delay(server: Server) -> None:
    SigtermListener(lambda: None, delay_s=3600).listen()

    send()
    send()

    assert server.heard == [signal.SIGTERM]


def test_after_a_second_signal_the_first_is_not_repeated(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    later: list[Callable[[], object]] = []
    monkeypatch.setattr(
        "_thread.start_new_thread", lambda function, arguments: later.append(function)
    )
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    SigtermListener(lambda: None, delay_s=1).listen()

    send()
    send()
    later[0]()

    assert server.heard == [signal.SIGTERM]


def test_whoever_listens_again_is_called_once(server: Server) -> None:
    listener = SigtermListener(lambda: None)

    assert listener.listen()
    assert listener.listen()
    send()

    assert len(server.heard) == 1


def test_a_server_that_came_later_is_heard_before_the_one_it_replaced(server: Server) -> None:
    listener = SigtermListener(lambda: None)
    listener.listen()
    later = Server()
    ours = signal.signal(signal.SIGTERM, later)

    listener.listen()
    send()
    signal.signal(signal.SIGTERM, ours)  # as uvicorn does when it ends, and then it sends again
    send()

    assert len(later.heard) == 1
    assert len(server.heard) == 1


def test_who_ignores_the_signal_goes_on_ignoring_it() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    began: list[str] = []
    SigtermListener(lambda: began.append("begin")).listen()

    send()
    send()

    assert began == ["begin"]


def test_in_another_thread_nothing_is_changed(server: Server) -> None:
    heard: list[bool] = []
    thread = threading.Thread(target=lambda: heard.append(SigtermListener(int).listen()))
    thread.start()
    thread.join()

    assert heard == [False]
    assert signal.getsignal(signal.SIGTERM) is server


def test_a_handler_that_is_not_pythons_stays(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signal.getsignal", lambda number: None)

    heard = SigtermListener(int).listen()

    monkeypatch.undo()
    assert heard is False
    assert signal.getsignal(signal.SIGTERM) is server


def test_without_signals_for_threads_it_is_raised(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("signal.pthread_kill")  # as on Windows
    SigtermListener(lambda: None, delay_s=0.01).listen()

    send()

    until = time.monotonic() + PATIENCE_S
    while not server.heard and time.monotonic() < until:
        time.sleep(0.01)
    assert server.heard == [signal.SIGTERM]


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("delay_s", [0.0, 0.01])
def test_a_program_that_listens_on_its_loop_is_told_once(
    run: Callable[[Any], object], delay_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("_thread.start_new_thread")  # nothing is sent again
    told: list[str] = []

    async def live() -> None:
        stopped = asyncio.Event()

        def hear() -> None:
            told.append("loop")
            stopped.set()

        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, hear)
        SigtermListener(lambda: told.append("drain"), delay_s).listen()
        send()
        async with asyncio.timeout(PATIENCE_S):
            await stopped.wait()

    run(live())

    assert told == ["drain", "loop"]


def test_without_a_listener_the_signal_keeps_its_usual_effect(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    sent: list[int] = []
    SigtermListener(lambda: None).listen()

    with monkeypatch.context() as patched:
        patched.setattr("signal.raise_signal", sent.append)
        os.kill(os.getpid(), signal.SIGTERM)

    assert sent == [signal.SIGTERM]
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


@pytest.mark.parametrize("has_pthreads", [True, False])
def test_what_is_held_back_is_sent_again(
    server: Server, monkeypatch: pytest.MonkeyPatch, has_pthreads: bool
) -> None:
    later: list[Callable[[], object]] = []
    monkeypatch.setattr(
        "_thread.start_new_thread", lambda function, arguments: later.append(function)
    )
    if not has_pthreads:
        monkeypatch.delattr("signal.pthread_kill")
    SigtermListener(lambda: None, delay_s=0.001).listen()

    send()
    later[0]()

    assert server.heard == [signal.SIGTERM]
