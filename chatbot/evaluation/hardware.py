"""The machine that figures were measured on, and what of a bundle."""

import os
import platform
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from chatbot.bundle import Bundle


def circumstances(bundle: Bundle) -> dict[str, Any]:
    """How figures of `bundle` came about: the machine and the day, versions, and the seed that it was trained with."""
    versions = {name: version(name) for name in ("chatbot", "torch", "sentencepiece")}
    return {"hardware": hardware(), "versions": versions, "seed": bundle.details.training.get("seed")}


def hardware() -> dict[str, Any]:
    """The machine and what it runs on it, by name."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    found = {"CPU": _processor(), "cores": cores, "threads": torch.get_num_threads(), "SIMD": torch.backends.cpu.get_cpu_capability()}
    if torch.cuda.is_available():
        found["GPU"] = torch.cuda.get_device_name()
    return {**found, "torch": torch.__version__, "Python": platform.python_version(), "on": date.today().isoformat()}


def _processor() -> str:
    """The processor's name, as Linux knows it, or else as Python does."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.processor() or platform.machine())
