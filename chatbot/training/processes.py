"""Several processes that train one network together, as `torchrun` starts them: gradients are shared by DistributedDataParallel.

Each process computes its share of every step's batches. One alone is the same with nobody to share with.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import torch
import torch.distributed
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from chatbot.errors import TrainingError


@dataclass(frozen=True)
class Processes:
    """Which of how many this one is. What more than one must know of each other goes through here."""

    rank: int = 0
    world: int = 1
    local: int = 0  # the rank among those of this machine

    @property
    def first(self) -> bool:
        """Whether this is the process that writes bundles and talks to the person."""
        return self.rank == 0

    def any(self, flag: bool) -> bool:
        """Whether `flag` is true in one of the processes at least."""
        if self.world == 1:
            return flag
        flags = torch.tensor([flag], dtype=torch.int32)
        torch.distributed.all_reduce(flags, torch.distributed.ReduceOp.MAX)
        return bool(flags)

    def sum(self, numbers: Tensor) -> Tensor:
        """The sum of `numbers` over the processes, in every one of them."""
        if self.world > 1:
            torch.distributed.all_reduce(numbers)
        return numbers

    def share(self, module: nn.Module) -> nn.Module:
        """`module` with the weights of the first process, and with gradients that are the mean over all processes."""
        return module if self.world == 1 else DistributedDataParallel(module, gradient_as_bucket_view=True)

    def tell(self, content: bytes) -> bytes:
        """What the first process passes as `content`, in every process."""
        if self.world == 1:
            return content
        size = torch.tensor([len(content)])
        torch.distributed.broadcast(size, 0)
        if not size:
            return b""
        data = torch.frombuffer(bytearray(content), dtype=torch.uint8) if self.first else torch.empty(int(size), dtype=torch.uint8)
        torch.distributed.broadcast(data, 0)
        return data.numpy().tobytes()


ALONE = Processes()
PATIENCE = timedelta(days=1)  # with a process that is preparing the corpus, or writing; one that has died is noticed at once


@contextmanager
def together() -> Iterator[Processes]:
    """The processes that `torchrun` has started, connected while entered: by gloo on CPUs, by NCCL for what lies on GPUs.

    Raises TrainingError when another of them has ended.
    """
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world == 1:
        yield ALONE
        return
    torch.distributed.init_process_group("cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo", timeout=PATIENCE)
    try:
        yield Processes(torch.distributed.get_rank(), world, int(os.environ.get("LOCAL_RANK", "0")))
    except RuntimeError as error:
        if "gloo" not in str(error) and not isinstance(error, torch.distributed.DistBackendError):
            raise
        raise TrainingError("another process of this run has ended", remedy="the same command goes on from the last checkpoint") from None
    finally:
        torch.distributed.destroy_process_group()
