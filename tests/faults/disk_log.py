"""What a process wrote to its files and said to others, as `strace` saw it, and what a power cut leaves.

A cut keeps everything that was written before a sync began which came to its end. Of what was
written later it keeps anything: nothing, all, or some sectors and not others, in no order.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import islice
from pathlib import Path

SECTOR_BYTES = 512
TRACED = "pwrite64,write,ftruncate,fdatasync,fsync,sendto,sendmsg,unlink"

_LINE = re.compile(r"(?P<thread>\d+) +(?P<at>\d+\.\d+) (?P<rest>.*)", re.DOTALL)
_RESUMED = re.compile(r"<\.\.\. (?P<call>\w+) resumed>(?P<rest>.*)", re.DOTALL)
_ON_FILE = re.compile(r"(?P<call>\w+)\(\d+<(?P<path>[^>]*)>(?P<rest>.*)", re.DOTALL)
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_UNFINISHED = "<unfinished ...>"


@dataclass(frozen=True, slots=True)
class Wrote:
    """Bytes that were given to the kernel; `data` of None cuts the file at `offset`."""

    file: str
    offset: int
    data: bytes | None


@dataclass(frozen=True, slots=True)
class SyncBegan:
    """Somebody began to wait for a file to be on the disk."""

    file: str
    thread: int


@dataclass(frozen=True, slots=True)
class SyncEnded:
    """It is there."""

    file: str
    thread: int


@dataclass(frozen=True, slots=True)
class Said:
    """Bytes that went to somebody else, at the moment before they could arrive."""

    data: bytes


Happening = Wrote | SyncBegan | SyncEnded | Said


@dataclass(frozen=True, slots=True)
class Timed:
    """Something that happened, in seconds since 1970."""

    at: float
    what: Happening


def tracing(log: Path) -> tuple[str, ...]:
    """Return what goes before a command to have its log written; the command stays our child."""
    return (
        *("strace", "-D", "-f", "-ttt", "-y", "-xx", "-s", "100000"),
        *("--seccomp-bpf", "-e", f"trace={TRACED}", "-e", "signal=none", "-o", str(log)),
    )


def read_log(lines: Iterable[str], files: Mapping[str, str]) -> Iterator[Timed]:
    """Read what happened, in order.

    Args:
        lines: What `strace` wrote.
        files: Names of the files that matter, by their paths.
    """
    waiting: dict[int, str] = {}
    for line in lines:
        found = _LINE.match(line)
        if found is None:
            continue
        thread, at, rest = int(found["thread"]), float(found["at"]), found["rest"].rstrip("\n")
        ended = _RESUMED.match(rest)
        if ended is not None:
            began = waiting.pop(thread, "")
            happened = _end_of(began + ended["rest"], thread, files)
        else:
            happened = _begin_of(rest, thread, files)
            if rest.endswith(_UNFINISHED):
                waiting[thread] = rest.removesuffix(_UNFINISHED).rstrip()
            else:
                happened = [*happened, *_end_of(rest, thread, files)]
        for each in happened:
            yield Timed(at, each)


def _begin_of(call: str, thread: int, files: Mapping[str, str]) -> list[Happening]:
    """Return what holds as soon as a call begins: what is written may be on the disk from now on."""
    found = _ON_FILE.match(call)
    if found is None:
        return []
    path = _plain(found["path"])
    if path.startswith(("socket:", "TCP")) and found["call"] in ("sendto", "sendmsg", "write"):
        return [Said(b"".join(_texts(found["rest"])))]
    if path not in files:
        return []
    file = files[path]
    match found["call"]:
        case "pwrite64":
            offset = int(found["rest"].removesuffix(_UNFINISHED).split(", ")[-1].split(")")[0])
            return [Wrote(file, offset, b"".join(_texts(found["rest"])))]
        case "ftruncate":
            return [Wrote(file, int(found["rest"].lstrip(", ").split(")")[0]), None)]
        case "fdatasync" | "fsync":
            return [SyncBegan(file, thread)]
        case other:
            raise ValueError(f"{file} was changed with {other}")


def _end_of(call: str, thread: int, files: Mapping[str, str]) -> list[Happening]:
    found = _ON_FILE.match(call)
    if found is None or found["call"] not in ("fdatasync", "fsync") or not call.endswith("= 0"):
        return []
    path = _plain(found["path"])
    return [SyncEnded(files[path], thread)] if path in files else []


def _texts(rest: str) -> Iterator[bytes]:
    return (bytes.fromhex(text.replace("\\x", "")) for text in _TEXT.findall(rest))


def _plain(path: str) -> str:
    if not path.startswith("\\x"):
        return path
    return bytes.fromhex(path.replace("\\x", "")).decode("utf-8", "replace")


class Luck(Enum):
    """What a power cut keeps of what was not synced."""

    NOTHING = "nothing"
    ALL = "all"
    EARLIEST = "what was written first"
    WRITES = "some writes"
    SECTORS = "some sectors"


@dataclass
class Disk:
    """Files as they lie on the disk for certain, and what may lie there too."""

    files: dict[str, bytearray]
    ignores_syncs_of: str = ""
    """A file whose syncs do nothing, to see whether anybody would notice."""
    _maybe: list[Wrote] = field(default_factory=list)
    _syncing: dict[tuple[str, int], int] = field(default_factory=dict)
    _count: int = 0

    def take(self, what: Happening) -> None:
        """Let something happen."""
        match what:
            case Wrote():
                self._maybe.append(what)
                self._count += 1
            case SyncBegan(file, thread):
                self._syncing[file, thread] = sum(1 for each in self._maybe if each.file == file)
            case SyncEnded(file, thread) if file != self.ignores_syncs_of:
                self._settle(file, self._syncing.pop((file, thread), 0))

    def after_a_cut(self, luck: Luck, dice: random.Random) -> dict[str, bytes]:
        """Return the files as a power cut at this moment leaves them."""
        files = {name: bytearray(content) for name, content in self.files.items()}
        for each in _kept(self._maybe, luck, dice):
            _apply(files, each)
        return {name: bytes(content) for name, content in files.items()}

    def _settle(self, file: str, count: int) -> None:
        """Put the first `count` writes of a file where they stay."""
        settled = list(islice((each for each in self._maybe if each.file == file), count))
        for each in settled:
            _apply(self.files, each)
        gone = {id(each) for each in settled}
        self._maybe = [each for each in self._maybe if id(each) not in gone]


def _kept(maybe: Sequence[Wrote], luck: Luck, dice: random.Random) -> Iterable[Wrote]:
    match luck:
        case Luck.NOTHING:
            return ()
        case Luck.ALL:
            return maybe
        case Luck.EARLIEST:
            return maybe[: dice.randint(0, len(maybe))]
        case Luck.WRITES:
            return [each for each in maybe if dice.random() < 0.5]
        case Luck.SECTORS:
            sectors = (sector for each in maybe for sector in _sectors(each))
            return [sector for sector in sectors if dice.random() < 0.5]


def _sectors(wrote: Wrote) -> Iterator[Wrote]:
    """Tear a write apart where sectors of the disk begin."""
    if wrote.data is None:
        yield wrote
        return
    begin = 0
    while begin < len(wrote.data):
        end = begin + SECTOR_BYTES - (wrote.offset + begin) % SECTOR_BYTES
        yield Wrote(wrote.file, wrote.offset + begin, wrote.data[begin:end])
        begin = end


def _apply(files: dict[str, bytearray], wrote: Wrote) -> None:
    content = files.setdefault(wrote.file, bytearray())
    if wrote.data is None:
        del content[wrote.offset :]
        content.extend(bytes(wrote.offset - len(content)))
        return
    content.extend(bytes(max(wrote.offset - len(content), 0)))
    content[wrote.offset : wrote.offset + len(wrote.data)] = wrote.data


@dataclass(frozen=True, slots=True)
class Promise:
    """Something that somebody was told is kept, from a place in the log on.

    Attributes:
        word: What the file must hold, and what was said.
        index: Place in the log at which it was said.
    """

    word: bytes
    index: int


def find_promises(
    log: Sequence[Timed], words: Iterable[bytes], *, says: Callable[[bytes, bytes], bool]
) -> list[Promise]:
    """Return for each word where it was first said, as far as it was said at all."""
    missing, found = set(words), []
    for index, timed in enumerate(log):
        if isinstance(timed.what, Said):
            said = {word for word in missing if says(timed.what.data, word)}
            found += [Promise(word, index) for word in sorted(said)]
            missing -= said
    return found


def is_synced_before(log: Sequence[Timed], promise: Promise, file: str) -> bool:
    """Tell whether a sync of `file` lies between the writing of a word and the promise."""
    written = False
    began: set[int] = set()
    for timed in log[: promise.index]:
        match timed.what:
            case Wrote(name, _, data) if name == file and data and promise.word in data:
                written = True
            case SyncBegan(name, thread) if name == file and written:
                began.add(thread)
            case SyncEnded(name, thread) if name == file and thread in began:
                return True
    return False
