"""The training loop: a generator of Progress. It writes no file and draws no picture; who iterates it does."""

import copy
import math
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

import torch
from torch import nn

from chatbot.batches import Batch, Examples
from chatbot.networks.protocol import Network
from chatbot.options import EPOCHS, FEWEST_STEPS, TrainingOptions
from chatbot.training.loss import cross_entropy, log_probabilities, target_logits


@dataclass(frozen=True)
class Validation:
    """How a network did on the validation part after an epoch."""

    epoch: int
    perplexity: float  # a piece, teacher-forced, end-marks counted
    loss: float  # of training, nats a piece, label smoothing counted
    best: bool  # the best so far


@dataclass(frozen=True)
class Progress:
    """Where training stands after a step, or, with `epoch_ended`, after an epoch of every network."""

    network: str  # which one the step was for
    epoch: int
    step: int  # of this network, from 1
    steps: int  # that it takes in all, unless it stops early
    loss: float  # nats a piece, a mean over the last steps
    tokens: int  # real source + target pieces of the step
    padded: int  # the same with padding
    tokens_per_second: float  # a mean over the whole run, time outside of the loop not counted
    seconds_left: float  # an estimate for all networks
    networks: Mapping[str, nn.Module]  # the best so far of each, or as they are when none has been validated
    validations: Mapping[str, Validation] = field(default_factory=dict)  # of this epoch, by network; when it ended
    best: bool = False  # some network of `networks` has just become better: save them
    epoch_ended: bool = False


class _Learner:
    """One network in training: its optimiser and schedule, where it stands, and its best so far."""

    def __init__(self, network: nn.Module, steps: int, options: TrainingOptions) -> None:
        self.network, self.steps, self.options = network, steps, options
        self.optimiser = _optimiser(network, options)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimiser, lambda step: learning_rate(step, steps, options))
        self.step, self.loss, self.lowest, self.since, self.stopped = 0, 0.0, math.inf, 0, False
        self.best: nn.Module | None = None

    def learn(self, batch: Batch, *, teacher_forcing: float, generator: torch.Generator) -> None:
        """One step."""
        self.network.train()
        with _precision(batch.source.device):
            logits = target_logits(self.network, batch, teacher_forcing=teacher_forcing, generator=generator)  # type: ignore[arg-type]
        pieces = batch.real - int(batch.source.ne(0).sum())
        loss = cross_entropy(logits, batch.targets, label_smoothing=self.options.label_smoothing) / pieces
        self.optimiser.zero_grad()
        loss.backward()
        if self.options.clip:
            nn.utils.clip_grad_norm_(self.network.parameters(), self.options.clip)
        self.optimiser.step()
        self.schedule.step()
        self.step += 1
        weight = max(0.02, 1 / self.step)
        self.loss += weight * (loss.item() - self.loss)

    def validate(self, epoch: int, valid: Examples | None) -> Validation:
        """Measures the network on the validation part; without one, every epoch counts as the best."""
        self.network.eval()
        perplexity = perplexity_of(self.network, valid) if valid else math.nan
        best = valid is None or perplexity < self.lowest
        if best:
            self.lowest, self.since = perplexity, 0
            self.best = copy.deepcopy(self.network)
        else:
            self.since += 1
            self.stopped = bool(self.options.patience) and self.since >= self.options.patience
        return Validation(epoch, perplexity, self.loss, best)


def train(networks: Mapping[str, nn.Module], train: Examples, valid: Examples | None, options: TrainingOptions) -> Iterator[Progress]:
    """Trains `networks` side by side, an epoch each in turn, and yields Progress after every step and after every epoch of them all.

    Each network stops by itself after `options.patience` epochs without a better perplexity on `valid`; with `valid` None all epochs are run
    and the last weights are the result. The order of the data is a function of the seed and the epoch; torch's global generator, from which
    dropout draws, is seeded anew before each epoch of each network.
    """
    per_epoch = sum(1 for _ in train.batches(options.batch_tokens, torch.Generator().manual_seed(options.seed)))
    epochs = options.epochs or max(EPOCHS, math.ceil(FEWEST_STEPS / per_epoch))
    steps = per_epoch * epochs
    learners = {name: _Learner(network, steps, options) for name, network in networks.items()}
    tokens, seconds, first, last = 0, 0.0, options.teacher_forcing[0], options.teacher_forcing[1]

    def best() -> dict[str, nn.Module]:
        return {name: learner.best or learner.network for name, learner in learners.items()}

    def seconds_left() -> float:
        done = sum(learner.step for learner in learners.values())
        left = sum(learner.steps - learner.step for learner in learners.values() if not learner.stopped)
        return seconds / done * left if done else math.inf

    for epoch in range(1, epochs + 1):
        teacher_forcing = first + (last - first) * (epoch - 1) / max(1, epochs - 1)
        validations = {}
        for number, (name, learner) in enumerate(learners.items()):
            if learner.stopped:
                continue
            torch.manual_seed(options.seed * 1_000_003 + epoch * 1009 + number)
            generator = torch.Generator().manual_seed(options.seed * 1_000_003 + epoch)
            began = time.perf_counter()
            for batch in train.batches(options.batch_tokens, generator):
                learner.learn(batch, teacher_forcing=teacher_forcing, generator=generator)
                tokens, seconds = tokens + batch.real, seconds + time.perf_counter() - began
                yield Progress(name, epoch, learner.step, steps, learner.loss, batch.real, batch.padded, tokens / seconds, seconds_left(), best())
                began = time.perf_counter()
            validations[name] = learner.validate(epoch, valid)
        if not validations:
            return
        name = next(iter(validations))
        learner = learners[name]
        improved = any(validation.best for validation in validations.values())
        yield Progress(
            name, epoch, learner.step, steps, learner.loss, 0, 0, tokens / seconds, seconds_left(), best(), validations, best=improved, epoch_ended=True
        )


def perplexity_of(network: Network | nn.Module, examples: Examples) -> float:
    """exp of the mean nats a target piece, teacher-forced, end-marks counted."""
    pieces = int(examples.target.lengths.sum()) - len(examples)
    return math.exp(min(700.0, -float(log_probabilities(network, examples).sum()) / pieces))  # type: ignore[arg-type]


def learning_rate(step: int, steps: int, options: TrainingOptions) -> float:
    """The share of the learning rate at `step` of `steps`."""
    warm = max(1, round(steps * options.warmup))
    if step < warm:
        return (step + 1) / warm
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))


def _optimiser(network: nn.Module, options: TrainingOptions) -> torch.optim.Optimizer:
    """The optimiser; weight decay spares biases and embeddings."""
    tables = {f"{name}.weight" for name, module in network.named_modules() if isinstance(module, nn.Embedding)}
    decayed = [weight for name, weight in network.named_parameters() if weight.ndim > 1 and name not in tables]
    spared = [weight for name, weight in network.named_parameters() if weight.ndim < 2 or name in tables]
    groups = [{"params": decayed, "weight_decay": options.weight_decay}, {"params": spared, "weight_decay": 0.0}]
    if options.optimiser == "sgd":
        return torch.optim.SGD(groups, lr=options.learning_rate)
    kind = torch.optim.AdamW if options.optimiser == "adamw" else torch.optim.Adam
    return kind(groups, lr=options.learning_rate, betas=(0.9, 0.98), fused=True)


def _precision(device: torch.device) -> AbstractContextManager[object]:
    """bf16 where a GPU has it, else fp32."""
    if device.type == "cuda" and torch.cuda.is_bf16_supported():
        return torch.autocast("cuda", dtype=torch.bfloat16)
    return nullcontext()
