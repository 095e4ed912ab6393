"""Memory: how many parts a batch must be computed in so that a step fits. The gradient of a step is the sum over its parts;
without dropout, of which each part draws its own, they change nothing else."""

from collections.abc import Iterable
from pathlib import Path

import psutil
import torch
from torch import Tensor, nn

from chatbot.batches import Batch
from chatbot.networks.recurrence import Recurrence
from chatbot.options import TrainingOptions

_CONTROL_GROUP = Path("/sys/fs/cgroup")


class Shortage(Exception):
    """Not even one pair at a time fits into memory."""


def is_shortage(error: RuntimeError) -> bool:
    """Whether `error` is torch's way to say that memory is full."""
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)


def cut(batch: Batch, parts: int) -> list[Batch]:
    """The rows of `batch` in at most `parts` batches, each as wide as the whole; what they count, only the whole knows.

    Those that are answered to the end come last: what the last part lacks, several processes would not share.
    """
    aloud, rows = len(batch.tokens), len(batch.rows)
    if min(parts, rows) == 1:
        return [batch]
    order = torch.cat([torch.arange(aloud, rows), torch.arange(aloud)])
    return [_some(batch, some[some < aloud], some[some >= aloud] - aloud) for some in order.tensor_split(min(parts, rows))]


def _some(batch: Batch, answered: Tensor, others: Tensor) -> Batch:
    """Those of the rows that are answered to the end, and of the others."""
    rows = torch.cat([answered, others + len(batch.tokens)])
    openings = _some(batch.openings, others, others[:0]) if batch.openings and len(others) else None
    return Batch(batch.source[rows], batch.tokens[answered], batch.targets[answered], batch.rows[rows], 0, 0, openings)


def parts_for(networks: Iterable[nn.Module], options: TrainingOptions, free: int) -> int:
    """In how many parts a CPU with `free` bytes should compute each batch: half of it is left to others and to what is not foreseen."""
    parts = 1
    need = max(step_bytes(network, options.batch_tokens) for network in networks)
    while need / parts > free / 2 and parts < options.batch_tokens:
        parts *= 2
    return parts


def step_bytes(network: nn.Module, batch_tokens: int) -> int:
    """At the most what a step of `network` takes beside its weights, optimiser and gradients: logits three times, and what backpropagation keeps.

    Measured: 0.3 to 0.9 of it, by shape and preset.
    """
    widths = sum(module.hidden * module.states for module in network.modules() if isinstance(module, Recurrence))
    tables = [module for name, module in network.named_modules() if isinstance(module, nn.Embedding) and not name.startswith("planner.")]
    vocabulary = max(table.num_embeddings for table in tables)
    return 4 * batch_tokens * (3 * vocabulary + 6 * widths)


def free_memory() -> int:
    """Bytes that this process may still take: of the machine, and of its control group where there is one."""
    free = psutil.virtual_memory().available
    limit, used = _CONTROL_GROUP / "memory.max", _CONTROL_GROUP / "memory.current"
    if limit.is_file() and used.is_file() and (most := limit.read_text().strip()).isdecimal():
        free = min(free, int(most) - int(used.read_text()) + _reclaimable())
    return max(0, free)


def _reclaimable() -> int:
    """Bytes of files that the control group counts as used, and that the kernel gives up when memory is wanted."""
    facts = _CONTROL_GROUP / "memory.stat"
    told = dict(line.split() for line in facts.read_text().splitlines()) if facts.is_file() else {}
    return int(told.get("inactive_file", 0))
