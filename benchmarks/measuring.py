"""What the benchmarks share: the machine in words and its limits, medians, a table that is printed as it grows, and the same as JSON.

Machines differ and are shared with others: compare two ways of doing a thing in one run, in turn, by their medians.
"""

import argparse
import importlib.util
import json
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from chatbot.evaluation.hardware import hardware

TUTORIALS = Path(__file__).parents[1] / "examples" / "tutorials"


def parser(description: str | None) -> argparse.ArgumentParser:
    """A parser with what every benchmark takes: `--threads` and `--json FILE`."""
    options = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--threads", type=int, default=0, metavar="N", help="torch's threads; 0 leaves them as they are")
    options.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    return options


class Report:
    """The figures of one benchmark. Each line is printed when it is added; `write` keeps them all. `seed`: of what it draws, if it draws anything."""

    def __init__(self, title: str, *, threads: int = 0, seed: int | None = None) -> None:
        if threads:
            torch.set_num_threads(threads)
        self.title, self.hardware, self.seed, self.rows = title, hardware(), seed, list[dict[str, Any]]()
        print(f"{title}\n{', '.join(f'{name} {value}' for name, value in self.hardware.items())}", flush=True)

    def add(self, what: str, unit: str, values: Sequence[float], **facts: Any) -> float:
        """One line: the median of `values`, how they spread, and other `facts` by name. Returns the median."""
        middle = statistics.median(values)
        row = {
            "what": what,
            "unit": unit,
            "median": middle,
            "least": min(values),
            "most": max(values),
            "p95": percentile(values, 95),
            "n": len(values),
            **facts,
        }
        self.rows.append(row)
        spread = f"p95 {number(row['p95'])}" if len(values) >= 20 else f"{number(row['least'])} to {number(row['most'])}"
        beside = f"({spread}, n={len(values)})" if len(values) > 1 else ""
        print(f"  {what:<58} {number(middle):>9} {unit:<9} {beside} {', '.join(f'{name} {_short(fact)}' for name, fact in facts.items())}".rstrip(), flush=True)
        return middle

    def write(self, path: Path | None) -> None:
        """Writes all figures and the machine to `path` as JSON, if there is a path."""
        if path:
            whole = {"title": self.title, "hardware": self.hardware, "seed": self.seed, "figures": self.rows}
            path.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")


def seconds(work: Callable[[], object], times: int = 1, *, warm: int = 1) -> list[float]:
    """How long `work` takes, `times` times, after `warm` calls that do not count."""
    for _ in range(warm):
        work()
    return [_once(work) for _ in range(times)]


def in_turn(works: dict[str, Callable[[], object]], times: int, *, warm: int = 1) -> dict[str, list[float]]:
    """The seconds of several works done in turn, so that what else the machine does falls on all of them alike."""
    for work in list(works.values()) * warm:
        work()
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(times):
        for name, work in works.items():
            taken[name].append(_once(work))
    return taken


def matrix_rate(size: int = 2048) -> float:
    """GFLOP/s of fp32 products of two square matrices: what the cores can do at the most."""
    one, other = torch.randn(size, size), torch.randn(size, size)
    return 2 * size**3 / statistics.median(seconds(lambda: one @ other, 5)) / 1e9


def bus_rate(megabytes: int = 256) -> float:
    """GB/s at which memory larger than the caches is read: what a network's weights wait for at the least."""
    content = torch.ones(megabytes * 250_000)
    return 4 * content.numel() / min(seconds(content.sum, 5)) / 1e9


def tutorial(name: str) -> ModuleType:
    """The tutorial's system of that name, a file of examples/tutorials."""
    specification = importlib.util.spec_from_file_location(name, TUTORIALS / f"{name}.py")
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` per cent of `values` do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -int(-share * len(ordered) // 100) - 1)]


def number(value: float) -> str:
    """`value` with three digits or more that mean something: 0.123, 12.3, 1,234."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.3f}"


def _once(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _short(fact: Any) -> str:
    return number(fact) if isinstance(fact, float) else str(fact)
