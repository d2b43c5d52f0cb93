"""CPU seconds and memory of the programs on the way of an order, and of Locust's own processes."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from statistics import linear_regression
from typing import Any

import psutil

WINDOW = 4.0
"""Seconds over which a share of a core is taken: shorter ones say what every start-up is, busy."""
MIB = 2**20


@dataclass
class Use:
    """Of one program, over the load; `share` is the most of a core it took for WINDOW seconds.

    `own_mib`: at the end, without the files it has mapped (Badger's, programs), which the system takes back
    when it needs to. `mib_per_minute`: by how much its own grew in the second half, when caches and pools
    should be full. `early_share`, `last_share`: of a core, in the second and the last fifth of the load.
    """

    cpu_seconds: float = 0.0
    peak_mib: float = 0.0
    end_mib: float = 0.0
    own_mib: float = 0.0
    share: float = 0.0
    mib_per_minute: float = 0.0
    early_share: float = 0.0
    last_share: float = 0.0
    _memory: list[tuple[float, float]] = field(default_factory=list)  # seconds, MiB
    _cpu: dict[int, float] = field(default_factory=dict)  # by process id: what was seen last
    _busy: list[tuple[float, float]] = field(default_factory=list)  # seconds, CPU seconds
    _past: deque[tuple[float, float]] = field(default_factory=deque)

    def see(self, process: psutil.Process) -> None:
        times, memory = process.cpu_times(), process.memory_info()
        cpu = times.user + times.system
        self.cpu_seconds += cpu - self._cpu.get(process.pid, cpu)
        self._cpu[process.pid] = cpu
        self.end_mib, self.own_mib = memory.rss / MIB, own(memory) / MIB
        self.peak_mib = max(self.peak_mib, self.end_mib)
        self._memory.append((time.monotonic(), self.own_mib))
        self._busy.append((time.monotonic(), self.cpu_seconds))
        self._see_share(time.monotonic())

    def _see_share(self, now: float) -> None:
        self._past.append((now, self.cpu_seconds))
        while now - self._past[0][0] > WINDOW:
            since, before = self._past.popleft()
            self.share = max(self.share, (self.cpu_seconds - before) / (now - since))

    def document(self) -> dict[str, float]:
        self.mib_per_minute = growth(self._memory[len(self._memory) // 2 :])
        self.early_share, self.last_share = fifth(self._busy, 1), fifth(self._busy, 4)
        return {name: round(value, 2) for name, value in asdict(self).items() if not name.startswith("_")}


def own(memory: Any) -> int:
    """Bytes of resident memory that are no file's; all of them where the system doesn't tell (macOS)."""
    return int(memory.rss - getattr(memory, "shared", 0))


def fifth(busy: list[tuple[float, float]], number: int) -> float:
    """CPU seconds per second in one fifth of the looks, 0 being the first; 0 for less than ten looks."""
    if len(busy) < 10:
        return 0.0
    long = len(busy) // 5
    (began, before), (ended, after) = busy[number * long], busy[(number + 1) * long - 1]
    return (after - before) / (ended - began)


def growth(memory: list[tuple[float, float]]) -> float:
    """MiB a minute, by least squares through the least of each sixth; 0 for less than twelve looks.

    Memory goes up and down as garbage comes and is collected, Badger's by hundreds of MiB when it sorts its
    files: what is never given back shows between.
    """
    if len(memory) < 12:
        return 0.0
    long = len(memory) / 6
    least = [min(memory[int(n * long) : int((n + 1) * long)], key=lambda look: look[1]) for n in range(6)]
    return 60 * linear_regression([at for at, _ in least], [mib for _, mib in least]).slope


class Processes:
    """Looks at programs by process id; `find` says which there are now."""

    def __init__(self, find: Callable[[], dict[str, int]]) -> None:
        self._find = find
        self.uses: dict[str, Use] = {}

    def look(self) -> None:
        for name, pid in self._find().items():
            try:
                self.uses.setdefault(name, Use()).see(psutil.Process(pid))
            except psutil.Error:  # ended a moment ago
                continue

    def document(self) -> dict[str, dict[str, float]]:
        return {name: use.document() for name, use in self.uses.items()}


def of_locust(pid: int) -> dict[str, int]:
    """Locust, which with workers is their master, and each of them."""
    try:
        workers = psutil.Process(pid).children()
    except psutil.Error:
        return {}
    names = {f"locust worker {n}": worker.pid for n, worker in enumerate(workers, 1)}
    return {"locust": pid} | names
