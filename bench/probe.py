"""CPU per probe: ours against C, aiohttp and httpx, over HTTP and verified HTTPS.

The target is pinned to one core and the prober to another. Every round runs all clients, one
after the other, so that whatever else the machine does hits all of them.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import trustme

from bench.ratio import Ratio

IN_FLIGHT: Final = 64
PROBES: Final = {"http": 8000, "https": 1500}
SLOW_CLIENTS: Final = {"httpx": 10, "aiohttp": 3}
"""By how much fewer probes the costly clients run: their figure settles sooner."""

_HERE: Final = Path(__file__).parent
_NOT_RUN: Final = (("A2", "Go net/http", 1.4), ("A2", "blackbox_exporter", 5.5))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a run happens: two cores and a folder."""

    folder: Path
    target_core: int
    prober_core: int
    authority: Path
    costs: dict[tuple[str, str], list[float]] = field(default_factory=dict)


def run(rounds: int) -> list[Ratio]:
    """Measure `rounds` interleaved rounds of every client."""
    with tempfile.TemporaryDirectory() as name:
        place = _prepare(Path(name))
        for scheme in PROBES:
            compiled = _compile(place, scheme)
            with _target(place, scheme) as port:
                for _ in range(rounds):
                    _run_round(place, scheme, port, compiled)
    return _compare(place.costs)


def _prepare(folder: Path) -> _Place:
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [-1]
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    leaf = authority.issue_cert("127.0.0.1")
    leaf.private_key_and_cert_chain_pem.write_to_path(str(folder / "target.pem"))
    return _Place(folder, cores[-1], cores[0], folder / "authority.pem")


def _compile(place: _Place, scheme: str) -> Path | None:
    """Compile the baseline; `None` without a compiler or, for HTTPS, without OpenSSL's headers."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    program = place.folder / f"baseline-{scheme}"
    extra = ["-DWITH_TLS", "-lssl", "-lcrypto"] if scheme == "https" else []
    source = str(_HERE / "probe_baseline.c")
    built = subprocess.run(
        [compiler, "-O2", "-o", str(program), source, *extra], capture_output=True, check=False
    )
    return program if built.returncode == 0 else None


@contextlib.contextmanager
def _target(place: _Place, scheme: str) -> Iterator[int]:
    command = [sys.executable, str(_HERE / "probe_target.py"), str(place.target_core)]
    if scheme == "https":
        command.append(str(place.folder / "target.pem"))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as target:
        try:
            assert target.stdout is not None
            yield int(target.stdout.readline())
        finally:
            target.kill()


def _run_round(place: _Place, scheme: str, port: int, compiled: Path | None) -> None:
    authority = [str(place.authority)] if scheme == "https" else []
    if compiled is not None:
        command = [str(compiled), "127.0.0.1", str(port), str(PROBES[scheme]), str(IN_FLIGHT)]
        command += ["127.0.0.1", *authority] if authority else []
        _, failed, cost, _ = _output(command, place.prober_core).split()
        if failed != "0":
            raise RuntimeError(f"{failed} probes of the baseline failed")
        place.costs.setdefault((scheme, "C"), []).append(float(cost))
    if scheme == "http":
        command = [sys.executable, "-m", "bench.probe_floor", "127.0.0.1", str(port)]
        command += [str(PROBES[scheme]), str(IN_FLIGHT)]
        cost = _output(command, place.prober_core)
        place.costs.setdefault((scheme, "floor"), []).append(float(cost))
    for client in ("ours", "aiohttp", "httpx"):
        probes = PROBES[scheme] // SLOW_CLIENTS.get(client, 1)
        command = [sys.executable, "-m", "bench.probers", client]
        command += [f"{scheme}://127.0.0.1:{port}/health", str(probes), str(IN_FLIGHT)]
        cost = _output([*command, str(place.prober_core), *authority], place.prober_core)
        place.costs.setdefault((scheme, client), []).append(float(cost))


def _output(command: list[str], core: int) -> str:
    """Run a client on its core and return what it prints."""

    def pin() -> None:
        if core >= 0:
            os.sched_setaffinity(0, {core})

    return subprocess.run(
        command, preexec_fn=pin, check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def _compare(costs: dict[tuple[str, str], list[float]]) -> list[Ratio]:
    goals = {
        ("http", "C"): ("A1", "HTTP: C epoll prober / ours", 0.85),
        ("http", "aiohttp"): ("A2", "HTTP: aiohttp / ours", 3.5),
        ("http", "httpx"): ("A2", "HTTP: httpx / ours", 8.0),
        ("https", "C"): ("A3", "HTTPS verified: C + OpenSSL / ours", 0.85),
        ("https", "aiohttp"): ("A3", "HTTPS verified: aiohttp / ours", 1.0),
        ("https", "httpx"): ("A3", "HTTPS verified: httpx / ours", 1.0),
    }
    ratios = []
    for (scheme, client), goal in goals.items():
        theirs, ours = costs.get((scheme, client), []), costs[scheme, "ours"]
        note = _note(client, theirs, ours)
        ratios.append(Ratio.of_costs(goal, baseline=theirs, ours=ours, note=note))
    ratios.append(_ceiling(costs))
    for number, name, bar in _NOT_RUN:
        what = f"HTTP: {name} / ours"
        ratios.append(Ratio(id=number, what=what, ratio=None, bar=bar, note="not part of this run"))
    return ratios


def _ceiling(costs: dict[tuple[str, str], list[float]]) -> Ratio:
    """Compare C with a bare Python loop: what no prober in this interpreter can surpass."""
    flags = sysconfig.get_config_var("CONFIG_ARGS") or ""
    is_tuned = "--enable-optimizations" in flags
    return Ratio.of_costs(
        ("(A1)", "HTTP: C epoll prober / bare Python loop, the ceiling here", 0.85),
        baseline=costs.get(("http", "C"), []),
        ours=costs["http", "floor"],
        note=(
            f"{_middle(costs['http', 'floor']):.0f} µs; Python {sys.version.split()[0]}, built "
            f"{'with' if is_tuned else 'without'} --enable-optimizations"
        ),
    )


def _note(client: str, theirs: list[float], ours: list[float]) -> str:
    if not theirs:
        return "no C compiler, or no headers of OpenSSL" if client == "C" else ""
    return f"{_middle(theirs):.0f} µs against {_middle(ours):.0f} µs of CPU per probe"


def _middle(costs: list[float]) -> float:
    return sorted(costs)[len(costs) // 2]
