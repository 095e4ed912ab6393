"""The machine that figures were measured on."""

import os
import platform
from datetime import date
from pathlib import Path
from typing import Any

import torch


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
