"""The training loop: a generator of Progress. It writes no file and draws no picture; who iterates it does."""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from chatbot.batches import OPENING, Examples
from chatbot.options import BATCH, TrainingOptions, batch_of, epochs_of
from chatbot.training.learner import Learner, Validation, seed_of
from chatbot.training.memory import free_memory, parts_for
from chatbot.training.processes import ALONE, Processes
from chatbot.training.side_by_side import SideBySide

# The share of the epochs, the first ones, in which who cannot plan is taught mostly how replies begin; then how they go on too, whatever is heard meanwhile.
BEGUN = 2 / 3


class Checkpoint(NamedTuple):
    """All that a run needs to go on as if it had never stopped, on a CPU at the same number of threads bit for bit."""

    tensors: Mapping[str, Tensor]
    facts: Mapping[str, Any]  # fit for JSON


@dataclass(frozen=True)
class Progress:
    """Where training stands after a step of every network, or, with `epoch_ended`, after an epoch."""

    epoch: int
    step: int  # from 1
    steps: int  # in all, unless the networks stop early
    losses: Mapping[str, float]  # nats a piece, a mean over the last steps, of each network that is still in training
    tokens: int  # real source + target pieces of the step, of all processes
    padded: int  # the same with padding
    tokens_per_second: float  # of all networks together, a mean over the whole run, time outside of the loop not counted
    seconds_left: float  # an estimate
    networks: Mapping[str, nn.Module]  # the best so far of each, or as they are when none has been validated
    checkpoint: Callable[[], Checkpoint] = field(repr=False)  # to be called before the next Progress is asked for
    skipped: int = 0  # steps of all networks without a finite gradient, which were skipped
    validations: Mapping[str, Validation] = field(default_factory=dict)  # of this epoch, by network; when it ended
    best: bool = False  # some network of `networks` has just become better: save them
    epoch_ended: bool = False


@dataclass
class _Place:
    """Where in the data a run stands."""

    epoch: int = 1
    cursor: int = 0  # batches of the epoch that it has had
    step: int = 0
    tokens: int = 0
    seconds: float = 0.0


def train(
    networks: Mapping[str, nn.Module], train: Examples, valid: Examples | None, options: TrainingOptions,
    *, processes: Processes = ALONE, checkpoint: Checkpoint | None = None,
) -> Iterator[Progress]:  # fmt: skip
    """Trains `networks` side by side, on the same batches, and yields Progress after every step and after every epoch.

    On a CPU each has its share of the threads to itself. Each network stops by itself after `options.patience` epochs without a better perplexity on `valid`;
    with `valid` None all epochs are run and the last weights are the result. The order of the data is a function of the seed and the epoch, as is which
    rows are answered to the end; what dropout draws for a batch one of the seed, the network, the epoch and the batch's place in it: with a
    `checkpoint` training goes on from there as if it had never stopped, and from that of its end yields once what it has come to. A step takes `options.accumulate` batches from each of the `processes`. Raises
    Diverged and Shortage.
    """
    options = in_effect(options, train, processes)
    order = _Order(train, options, processes)
    epochs, steps = options.epochs, order.steps * options.epochs
    device = next(next(iter(networks.values())).parameters()).device
    parts = parts_for(networks.values(), options, free_memory()) if device.type == "cpu" else 1
    fitting = train.fitting if any(getattr(network, "planner", None) for network in networks.values()) else None
    learners = [Learner(name, number, network, steps, options, processes, parts, fitting) for number, (name, network) in enumerate(networks.items())]
    at = _restored(checkpoint, learners) if checkpoint else _Place()
    if device.type == "cuda":
        longest = train.batch(max(islice(order.chunks(1), 1000), key=lambda rows: train.sizes(rows)[2]))
        for learner in learners:
            learner.try_out(longest)

    def progress(active: list[Learner], **changes: Any) -> Progress:
        return Progress(
            at.epoch, at.step, steps, {one.name: one.loss for one in active}, tokens_per_second=at.tokens / max(at.seconds, 1e-9),
            seconds_left=at.seconds / at.step * max(0, steps - at.step) if at.step else math.inf, networks={one.name: one.best or one.network for one in learners},
            checkpoint=lambda: _taken(at, learners), skipped=sum(one.at.skipped_in_all for one in learners), **changes,
        )  # fmt: skip

    if at.epoch > epochs or all(learner.at.stopped for learner in learners):  # nothing is left to do but to save what the run has come to
        yield progress(learners, tokens=0, padded=0)
    with SideBySide(len(learners) if device.type == "cpu" and processes.world == 1 else 1) as each:
        while at.epoch <= epochs and (active := [learner for learner in learners if not learner.at.stopped]):
            teacher_forcing = _of_epoch(options.teacher_forcing, at.epoch, epochs)
            opening = OPENING if at.epoch <= epochs * BEGUN else None
            began = time.perf_counter()
            for step in order.of(at.epoch, at.cursor):
                batches = [(place, train.batch(rows, aloud, opening)) for place, rows, aloud in step.mine]
                learn = partial(
                    Learner.learn, batches=batches, weight=step.weight / step.whole, reported=step.weight / step.pieces, epoch=at.epoch, teacher_forcing=teacher_forcing
                )  # fmt: skip
                at.cursor, at.step, at.tokens = step.end, at.step + 1, at.tokens + step.real * len(active)
                each(learn, active)
                at.seconds += time.perf_counter() - began
                yield progress(active, tokens=step.real, padded=step.padded)
                began = time.perf_counter()
            validations = dict(zip((one.name for one in active), each(partial(Learner.validate, epoch=at.epoch, valid=valid), active), strict=True))
            best = any(validation.best for validation in validations.values())
            ended = progress(active, tokens=0, padded=0, validations=validations, best=best, epoch_ended=True)
            at.epoch, at.cursor = at.epoch + 1, 0
            yield ended


def in_effect(options: TrainingOptions, examples: Examples, processes: Processes = ALONE) -> TrainingOptions:
    """`options` with the tokens of a step and the epochs that fit these examples, where none were asked for."""
    batches = examples.count(BATCH)
    tokens = batch_of(batches, options)
    steps = math.ceil(examples.count(tokens) / (options.accumulate * processes.world))
    return replace(options, batch_tokens=tokens, epochs=epochs_of(batches, steps, options))


class _Step(NamedTuple):
    """The batches of one step of all processes together."""

    mine: list[tuple[int, Tensor, int]]  # of those that this process computes: the place in the epoch, the rows, and how many of them are answered to the end
    weight: float  # 0 where there were fewer batches than processes, and this one computes along for nothing
    end: int  # the place after the last
    whole: int  # target pieces of all rows, as if each were answered to the end
    pieces: int  # target pieces of those that are
    real: int  # these and the source pieces of all
    padded: int  # the same with padding


class _Order:
    """The order of the data: which batches make a step, and whose they are. A function of seed and epoch alone, so that everyone knows everyone's."""

    def __init__(self, examples: Examples, options: TrainingOptions, processes: Processes) -> None:
        self.examples, self.options, self.processes = examples, options, processes
        self.together = options.accumulate * processes.world
        self.steps = math.ceil(examples.count(options.batch_tokens) / self.together)

    def chunks(self, epoch: int) -> Iterator[Tensor]:
        """The rows of each batch."""
        return self.examples.chunks(self.options.batch_tokens, self._generator(epoch))

    def of(self, epoch: int, cursor: int) -> Iterator[_Step]:
        """The steps of an epoch from the batch at `cursor` on."""
        chunks = islice(enumerate(self.chunks(epoch)), cursor, None)
        while some := list(islice(chunks, self.together)):
            group = [(place, *self.examples.aloud(rows, seed_of(self.options.seed, epoch, place))) for place, rows in some]
            sizes = [(self.examples.sizes(rows)[0], *self.examples.sizes(rows, aloud)) for _, rows, aloud in group]
            mine = group[self.processes.rank :: self.processes.world]
            yield _Step(mine or group[:1], float(bool(mine)), group[-1][0] + 1, *(sum(size) for size in zip(*sizes, strict=True)))

    def _generator(self, epoch: int) -> torch.Generator:
        return torch.Generator().manual_seed(self.options.seed * 1_000_003 + epoch)


def _of_epoch(ratio: tuple[float, float], epoch: int, epochs: int) -> float:
    """The ratio of an epoch, on the straight line from that of the first to that of the last; of a single one that of the middle."""
    first, last = ratio
    return first + (last - first) * ((epoch - 1) / (epochs - 1) if epochs > 1 else 0.5)


def _taken(at: _Place, learners: list[Learner]) -> Checkpoint:
    tensors: dict[str, Tensor] = {}
    facts: dict[str, Any] = {"place": asdict(at), "networks": {}}
    for learner in learners:
        own, facts["networks"][learner.name] = learner.state()
        tensors |= own
    return Checkpoint(tensors, facts)


def _restored(checkpoint: Checkpoint, learners: list[Learner]) -> _Place:
    for learner in learners:
        learner.restore(checkpoint.tensors, checkpoint.facts["networks"][learner.name])
    return _Place(**checkpoint.facts["place"])
