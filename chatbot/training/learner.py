"""One network in training: its steps, where it stands, and all that is needed to go on from there, bit for bit."""

import copy
import hashlib
import math
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from chatbot.batches import Batch, Examples
from chatbot.networks.embedding import Grams, Heard
from chatbot.networks.recurrence import Dropout
from chatbot.networks.seq2seq import ByGrams, Seq2Seq
from chatbot.options import TrainingOptions
from chatbot.repeating import Fitting
from chatbot.training.loss import Lesson, perplexity_of
from chatbot.training.memory import Shortage, cut, is_shortage
from chatbot.training.processes import Processes

IN_A_ROW = 10  # steps without a finite gradient that end a run
HEED = {"cpu": 1}  # steps between two looks at what only the device knows; a look makes a GPU wait
HEED_ELSEWHERE = 50
RARE = {"rate": 2.0, "betas": (0.9, 0.999)}  # how grams learn: most of them are heard too seldom for the pace of the others


class Diverged(Exception):
    """No finite gradient in IN_A_ROW steps. `rows` are the examples of the last of them; the weights have followed none of them."""

    def __init__(self, network: str, step: int, rows: Tensor) -> None:
        super().__init__(f"{network}: no finite gradient in {IN_A_ROW} steps up to step {step}")
        self.network, self.step, self.rows = network, step, rows


@dataclass(frozen=True)
class Validation:
    """How a network did on the validation part after an epoch."""

    epoch: int
    perplexity: float  # a piece, teacher-forced, end-marks counted
    loss: float  # of training, nats a piece, label smoothing counted
    best: bool  # the best so far
    stopped: bool = False  # it was the last: the network has stopped by itself


@dataclass
class Standing:
    """Where a network stands: what of its state is no tensor."""

    step: int = 0
    lowest: float = math.inf  # perplexity
    since: int = 0  # epochs since then
    stopped: bool = False
    skipped: int = 0  # steps without a finite gradient, the last in a row
    skipped_in_all: int = 0
    parts: int = 1  # in which each batch is computed, one after the other, for want of memory; each draws its own dropout


class Learner:
    """A network, its optimiser and schedule, where it stands, and its best so far.

    No host waits for a device within a step: whether a gradient was finite, and the loss, stay on the device and are read every HEED steps.
    """

    def __init__(
        self, name: str, number: int, network: nn.Module, steps: int, options: TrainingOptions, processes: Processes, parts: int,
        fitting: Fitting | None = None,
    ) -> None:  # fmt: skip
        self.name, self.number, self.network, self.steps, self.options, self.processes = name, number, network, steps, options, processes
        self._own = Lesson(network, options, fitting)
        self.lesson = processes.share(self._own)
        self._chance = torch.Generator(next(network.parameters()).device)
        for module in self._own.modules():
            if isinstance(module, Lesson | Heard | Grams | Dropout):
                module.chance = self._chance
        self.weights = [weight for weight in self._own.parameters() if weight.requires_grad]
        self.device = self.weights[0].device
        self.optimiser = _optimiser(self._own, options)
        self.at = Standing(parts=parts)
        self.best: nn.Module | None = None
        self.loss = 0.0  # nats a piece, a running mean, as last read
        self._loss = torch.zeros((), dtype=torch.float32, device=self.device)
        self._heed = HEED.get(self.device.type, HEED_ELSEWHERE)
        self._flags = torch.zeros(self._heed, device=self.device)  # 1 where the gradient of a step was not finite
        self._rows: deque[Tensor] = deque(maxlen=self._heed)

    def learn(self, batches: Sequence[tuple[int, Batch]], weight: float, *, epoch: int, teacher_forcing: float, reported: float | None = None) -> None:
        """One step on `batches`, each with its place in the epoch: this process's share of the step.

        A nat counts `weight`: one over the target pieces of all processes, as if each row were answered to the end, so that neither they nor which rows are
        matter. In the loss that is told it counts `reported`, one over the pieces of those that are, by default the same. Raises Diverged and Shortage.
        """
        self.network.train()
        loss = None
        while loss is None:
            loss = self._affordable(batches, weight, weight if reported is None else reported, epoch, teacher_forcing)
        self._step(loss)
        self._rows.append(torch.cat([batch.rows for _, batch in batches]))
        if self.at.step % self._heed == 0:
            self.heed()

    def try_out(self, batch: Batch) -> None:
        """Computes the gradient of `batch` and forgets it: the longest of an epoch, so that a shortage of memory shows before the first step."""
        self.network.train()
        while self._affordable([(0, batch)], 1 / batch.pieces, 1 / batch.pieces, 0, 1.0) is None:
            pass
        self.optimiser.zero_grad()

    def heed(self) -> None:
        """Reads what only the device knows. Raises Diverged."""
        self.loss = float(self._loss)
        flags, rows = self._flags.tolist(), list(self._rows)
        self._rows.clear()
        for step, some in enumerate(rows, self.at.step - len(rows)):
            bad = bool(flags[step % self._heed])
            self.at.skipped_in_all += bad
            self.at.skipped = self.at.skipped + 1 if bad else 0
            if self.at.skipped == IN_A_ROW:
                self.at.skipped = 0  # who goes on from here has ten again
                raise Diverged(self.name, step + 1, some)

    def validate(self, epoch: int, valid: Examples | None) -> Validation:
        """Measures the network on the validation part; without one, every epoch counts as the best."""
        self.heed()
        self.network.eval()
        perplexity = perplexity_of(self.network, valid, self.processes) if valid else math.nan
        best = valid is None or perplexity < self.at.lowest
        if best:
            self.at.lowest, self.at.since = perplexity, 0
            self.best = self._copy()
        else:
            self.at.since += 1
            self.at.stopped = bool(self.options.patience) and self.at.since >= self.options.patience
        return Validation(epoch, perplexity, self.loss, best, self.at.stopped)

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """All that going on from here needs, as tensors and as facts. A copy: later steps do not change it."""
        self.heed()
        tensors = {f"{self.name}/loss": self._loss.clone()}
        for name, weight in self._own.named_parameters():
            tensors[f"{self.name}/weight/{name}"] = weight.detach().clone()
            for kind, value in self.optimiser.state.get(weight, {}).items():
                if isinstance(value, Tensor):
                    tensors[f"{self.name}/{kind}/{name}"] = value.clone()
        for name, weight in self.best.named_parameters() if self.best else ():
            tensors[f"{self.name}/best/{name}"] = weight.detach().clone()
        return tensors, asdict(self.at)

    def restore(self, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
        """Goes back to what `state` has told."""
        self.at = Standing(**facts)
        self._loss.copy_(tensors[f"{self.name}/loss"])
        self.loss = float(self._loss)
        if f"{self.name}/best/{next(iter(self.network.named_parameters()))[0]}" in tensors:
            self.best = self._copy()
            _fill(self.best, {name: tensors[f"{self.name}/best/{name}"] for name, _ in self.best.named_parameters()})
        _fill(self._own, {name: tensors[f"{self.name}/weight/{name}"] for name, _ in self._own.named_parameters()})
        for name, weight in self._own.named_parameters():
            for kind in ("step", "exp_avg", "exp_avg_sq"):
                if (value := tensors.get(f"{self.name}/{kind}/{name}")) is not None:
                    self.optimiser.state[weight][kind] = value.to(weight.device, copy=True)

    def _copy(self) -> nn.Module:
        """The network as it stands, without what it draws from: a generator cannot be copied in every torch."""
        return copy.deepcopy(self.network, {id(self._chance): None})

    def _affordable(self, batches: Sequence[tuple[int, Batch]], weight: float, reported: float, epoch: int, teacher_forcing: float) -> Tensor | None:
        """The gradient, or None when memory did not suffice: next time each batch is computed in twice as many parts. Raises Shortage."""
        try:
            return self._gradient(batches, weight, reported, epoch, teacher_forcing)
        except RuntimeError as error:
            if not is_shortage(error) or self.processes.world > 1:  # the others are waiting in the middle of the step
                raise
        if self.at.parts >= max(len(batch.rows) for _, batch in batches):
            raise Shortage
        self.at.parts *= 2
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        return None

    def _gradient(self, batches: Sequence[tuple[int, Batch]], weight: float, reported: float, epoch: int, teacher_forcing: float) -> Tensor:
        """Leaves the gradient of the step in the weights; the nats a piece of all processes together."""
        self.optimiser.zero_grad()
        total = torch.zeros((), device=self.device)
        for number, (place, batch) in enumerate(batches):
            # All randomness of a batch is a function of its place, so going on needs no generator's state, and no process another's.
            self._chance.manual_seed(seed_of(self.options.seed, self.number, epoch, place))
            halves = cut(batch, self.at.parts)
            for half, part in enumerate(halves):
                last = number + 1 == len(batches) and half + 1 == len(halves)
                with self._alone(last), _precision(self.device):
                    loss, nats = self.lesson(part, teacher_forcing)
                    (loss * (weight * self.processes.world)).backward()  # DistributedDataParallel takes the mean
                total += nats * reported
        return self.processes.sum(total)

    def _alone(self, last: bool) -> AbstractContextManager[object]:
        """Gradients are shared with the other processes once a step."""
        return nullcontext() if last or self.processes.world == 1 else self.lesson.no_sync()  # type: ignore[operator]

    def _step(self, loss: Tensor) -> None:
        """Follows the gradient, unless it is not finite."""
        gradients = [weight.grad for weight in self.weights if weight.grad is not None]
        norm = nn.utils.get_total_norm(gradients)
        if self.options.clip:
            nn.utils.clip_grads_with_norm_(self.weights, self.options.clip, norm)
        skip = (~torch.isfinite(norm)).float()
        for group in self.optimiser.param_groups:
            group["lr"] = group.get("rate", 1.0) * self.options.learning_rate * learning_rate(self.at.step, self.steps, self.options)
        self.optimiser.found_inf = skip  # type: ignore[attr-defined]  # the fused optimisers then change nothing, without asking the host
        self.optimiser.step()
        self._flags[self.at.step % self._heed] = skip
        self.at.step += 1
        self._loss += torch.where(torch.isfinite(loss), max(0.02, 1 / self.at.step) * (loss - self._loss), 0.0)


def learning_rate(step: int, steps: int, options: TrainingOptions) -> float:
    """The share of the learning rate at `step` of `steps`."""
    warm = max(1, round(steps * options.warmup))
    if step < warm:
        return (step + 1) / warm
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, (step - warm) / max(1, steps - warm))))


def seed_of(*numbers: int) -> int:
    """A seed that is a function of `numbers`, unlike those of their neighbours."""
    return int.from_bytes(hashlib.blake2b(repr(numbers).encode(), digest_size=8).digest()) >> 1


def _optimiser(lesson: Lesson, options: TrainingOptions) -> torch.optim.Optimizer:
    """The optimiser; weight decay spares biases and embeddings.

    Adam moves each weight by about the learning rate, which is little for an embedding of unit size: who makes a reply piece by piece learns its words with
    a rate that fits them, as if they were stored at 1/√E like what is said. Who plans does not: what it learns by heart sooner, it does not compose. What it
    says by heart it learns so.
    """
    tables = {f"{name}.weight" for name, module in lesson.named_modules() if isinstance(module, nn.Embedding)}
    apart: list[dict[str, Any]] = []
    if rare := [weight for module in lesson.modules() if isinstance(module, ByGrams) for weight in module.parameters()]:
        apart.append({"params": rare, "weight_decay": 0.0, **RARE})
    if options.optimiser != "sgd" and isinstance(lesson.network, Seq2Seq):
        planner = lesson.network.planner
        table = lesson.network.heard.table if planner is None else planner.told if planner.by_heart else None
        if table is not None:
            apart.append({"params": [table.weight], "weight_decay": 0.0, "rate": table.embedding_dim**0.5})
    taken = {id(weight) for group in apart for weight in group["params"]}
    others = [(name, weight) for name, weight in lesson.named_parameters() if id(weight) not in taken]
    decayed = [weight for name, weight in others if weight.ndim > 1 and name not in tables]
    spared = [weight for name, weight in others if weight.ndim < 2 or name in tables]
    groups = [{"params": decayed, "weight_decay": options.weight_decay}, {"params": spared, "weight_decay": 0.0}, *apart]
    if options.optimiser == "sgd":
        return torch.optim.SGD(groups, lr=options.learning_rate, fused=True)
    kind = torch.optim.AdamW if options.optimiser == "adamw" else torch.optim.Adam
    return kind(groups, lr=options.learning_rate, betas=(0.9, 0.98), fused=True)


def _precision(device: torch.device) -> AbstractContextManager[object]:
    """bf16 where a GPU has it, else fp32."""
    if device.type == "cuda" and torch.cuda.is_bf16_supported():
        return torch.autocast("cuda", dtype=torch.bfloat16)
    return nullcontext()


def _fill(module: nn.Module, values: Mapping[str, Tensor]) -> None:
    with torch.no_grad():
        for name, weight in module.named_parameters():
            weight.copy_(values[name])
