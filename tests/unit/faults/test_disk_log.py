"""What a power cut leaves: all that was synced, and anything of what was not."""

from __future__ import annotations

import random

import pytest

from tests.faults.disk_log import (
    Disk,
    Luck,
    Promise,
    Said,
    SyncBegan,
    SyncEnded,
    Timed,
    Wrote,
    find_promises,
    is_synced_before,
    read_log,
)

FILES = {"/data/a.db": "a.db", "/data/a.db-wal": "a.db-wal"}
DICE = random.Random(1)


def _hex(text: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in text.encode())


def _read(*lines: str) -> list[object]:
    numbered = (f"7 {n}.5 {line}\n" if line[0] != "@" else line[1:] for n, line in enumerate(lines))
    return [timed.what for timed in read_log(numbered, FILES)]


WAL, SOCKET = _hex("/data/a.db-wal"), _hex("socket:[12]")


def test_writes_syncs_and_what_was_said_are_read_in_order() -> None:
    read = _read(
        f'pwrite64(4<{WAL}>, "{_hex("page")}", 4, 4096) = 4',
        f"fdatasync(4<{WAL}>) = 0",
        f'sendto(6<{SOCKET}>, "{_hex("201")}", 3, 0, NULL, 0) = 3',
        f"ftruncate(4<{WAL}>, 8192) = 0",
        f'pwrite64(4<{_hex("/data/other")}>, "{_hex("x")}", 1, 0) = 1',
        f'write(2<{_hex("/dev/null")}>, "{_hex("x")}", 1) = 1',
        "+++ exited with 0 +++",
    )

    assert read == [
        Wrote("a.db-wal", 4096, b"page"),
        SyncBegan("a.db-wal", 7),
        SyncEnded("a.db-wal", 7),
        Said(b"201"),
        Wrote("a.db-wal", 8192, None),
    ]


def test_sync_that_is_interrupted_by_others_ends_where_it_ended() -> None:
    read = _read(
        f"fdatasync(4<{WAL}> <unfinished ...>",
        f'@8 1.6 sendto(6<{SOCKET}>, "{_hex("hi")}", 2, 0, NULL, 0) = 2\n',
        "<... fdatasync resumed>) = 0",
    )

    assert read == [SyncBegan("a.db-wal", 7), Said(b"hi"), SyncEnded("a.db-wal", 7)]


def test_sync_that_failed_is_none() -> None:
    assert _read(f"fdatasync(4<{WAL}>) = -1 EIO (Input/output error)") == [SyncBegan("a.db-wal", 7)]


def _disk(*happened: object) -> Disk:
    disk = Disk({"a": bytearray(b"old old")})
    for each in happened:
        disk.take(each)  # type: ignore[arg-type]  # a happening each
    return disk


@pytest.mark.parametrize("luck", Luck)
def test_what_was_synced_outlives_every_cut(luck: Luck) -> None:
    disk = _disk(Wrote("a", 0, b"new"), SyncBegan("a", 1), SyncEnded("a", 1))

    assert disk.after_a_cut(luck, DICE) == {"a": b"new old"}


@pytest.mark.parametrize(
    "happened",
    [
        [Wrote("a", 0, b"new")],
        [Wrote("a", 0, b"new"), SyncBegan("a", 1)],
        [SyncBegan("a", 1), Wrote("a", 0, b"new"), SyncEnded("a", 1)],
        [Wrote("a", 0, b"new"), SyncBegan("b", 1), SyncEnded("b", 1)],
    ],
    ids=["no sync", "sync that did not end", "sync that began before", "sync of another file"],
)
def test_what_was_not_synced_may_be_lost(happened: list[object]) -> None:
    disk = _disk(*happened)

    assert disk.after_a_cut(Luck.NOTHING, DICE) == {"a": b"old old"}
    assert disk.after_a_cut(Luck.ALL, DICE) == {"a": b"new old"}


def test_long_write_may_be_torn_at_sectors() -> None:
    disk = _disk(Wrote("a", 0, b"x" * 512 * 20))

    left = disk.after_a_cut(Luck.SECTORS, DICE)["a"]

    sectors = [left[begin : begin + 512] for begin in range(0, len(left), 512)]
    assert 0 < sum(sector == b"x" * 512 for sector in sectors) < 20


def test_file_that_is_cut_short_loses_its_end() -> None:
    assert _disk(Wrote("a", 3, None)).after_a_cut(Luck.ALL, DICE) == {"a": b"old"}


def _log(*happened: object) -> list[Timed]:
    return [Timed(float(at), each) for at, each in enumerate(happened)]  # type: ignore[arg-type]  # as above


def test_promise_is_found_where_it_was_first_said() -> None:
    log = _log(Said(b"one"), Said(b"two"), Said(b"one two"))

    found = find_promises(log, [b"one", b"two", b"three"], says=lambda said, word: word in said)

    assert found == [Promise(b"one", 0), Promise(b"two", 1)]


def test_promise_that_was_given_before_the_sync_ended_is_seen() -> None:
    early = _log(Wrote("a", 0, b"word"), SyncBegan("a", 1), Said(b"word"), SyncEnded("a", 1))
    in_time = _log(Wrote("a", 0, b"word"), SyncBegan("a", 1), SyncEnded("a", 1), Said(b"word"))
    before_it = _log(SyncBegan("a", 1), Wrote("a", 0, b"word"), SyncEnded("a", 1), Said(b"word"))

    assert not is_synced_before(early, Promise(b"word", 2), "a")
    assert is_synced_before(in_time, Promise(b"word", 3), "a")
    assert not is_synced_before(before_it, Promise(b"word", 3), "a")
