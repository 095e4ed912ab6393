"""Loss and perplexity of a network on a batch.

B rows, A of them answered aloud, T target pieces, V vocabulary. All sums run over target pieces, end-marks counted, padding not; logarithms are natural.
"""

import math
from itertools import islice
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from chatbot.batches import Batch, Examples
from chatbot.networks.protocol import Context, Network
from chatbot.options import TrainingOptions
from chatbot.repeating import Fitting
from chatbot.training.processes import ALONE, Processes
from chatbot.vocabulary import PAD

TOLD = 0.8  # the share of the rows whose decoder is told the reply to give; with more, it could not speak at all while it has several in mind


def target_logits(
    network: Network, batch: Batch, context: Context | None = None, *, teacher_forcing: float = 1.0, generator: torch.Generator | None = None
) -> Tensor:
    """Logits (A, T, V) of what follows each of the batch's tokens, in the `context` of its first A sources if they have been heard already.

    With full teacher forcing it is one call for all T; below, each next token is the network's own guess with probability
    1 - `teacher_forcing`, drawn for each row (scheduled sampling, Bengio et al. 2015), one call a token.
    """
    context = network.encode(batch.source[: len(batch.tokens)]) if context is None else context
    if teacher_forcing >= 1:
        return network.decode(batch.tokens, context)[0]
    token, steps = batch.tokens[:, :1], []
    for place in range(batch.tokens.shape[1]):
        logits, context = network.decode(token, context)  # (B, 1, V)
        steps.append(logits)
        if place + 1 < batch.tokens.shape[1]:
            forced = torch.rand(len(token), 1, generator=generator, device=token.device) < teacher_forcing
            token = torch.where(forced, batch.tokens[:, place + 1 : place + 2], logits.detach().argmax(-1))
    return torch.cat(steps, 1)


def cross_entropy(logits: Tensor, targets: Tensor, *, label_smoothing: float = 0.0) -> Tensor:
    """The sum of -log p over `targets` (B, T) that are not padding, in nats."""
    return functional.cross_entropy(logits.flatten(0, 1).float(), targets.flatten(), ignore_index=PAD, reduction="sum", label_smoothing=label_smoothing)


class Lesson(nn.Module):
    """A network and its loss as one module: what several processes share is the gradient of one `forward`.

    Where replies repeat, a listener's plan is taught too, by a loss of its own: a loss over pieces teaches mostly how replies go on, and only their first pieces
    tell which one it is. The rows that are not answered to the end teach that alone, and who does not plan is taught their first pieces.
    """

    def __init__(self, network: nn.Module, options: TrainingOptions, fitting: Fitting | None = None) -> None:
        super().__init__()
        self.network, self.options = network, options
        self.chance: torch.Generator | None = None  # where its randomness comes from; None: torch's own generator
        self.fitting = fitting if getattr(network, "planner", None) else None

    def forward(self, batch: Batch, teacher_forcing: float) -> tuple[Tensor, Tensor]:
        """The loss of the batch, and the part of it that are nats of its target pieces; both sums."""
        context, taught = self._planned(batch, self.fitting) if self.fitting else (None, self._nats(batch.openings, teacher_forcing))
        nats = self._nats(batch, teacher_forcing, context)
        return nats + taught, nats.detach()

    def _nats(self, batch: Batch | None, teacher_forcing: float, context: Context | None = None) -> Tensor:
        """The nats of the target pieces."""
        if batch is None or not len(batch.tokens):
            return next(self.network.parameters()).new_zeros(())
        logits = target_logits(self.network, batch, context, teacher_forcing=teacher_forcing, generator=self.chance)  # type: ignore[arg-type]
        return cross_entropy(logits, batch.targets, label_smoothing=self.options.label_smoothing)

    def _planned(self, batch: Batch, fitting: Fitting) -> tuple[Context, Tensor]:
        """The context in which the first A rows are answered, and what the plans of all rows count.

        Most rows are told their reply, as teacher forcing tells a decoder its pieces, and the others what is planned so far.
        """
        network: Any = self.network
        context = network.encode(batch.source)
        fits = fitting(batch.rows).to(batch.source.device, non_blocking=True)  # (B, R + 1)
        assert fits.shape[1] == len(context.plan.told), "the listener plans the replies that repeat, and one that does not"
        opinions = (functional.cross_entropy(opinion.float(), fits, reduction="sum") for opinion in context.plan.opinions)
        aloud = context.rows(torch.arange(len(batch.tokens), device=batch.source.device))
        replies = fitting.repeating.planned(batch.rows[: len(batch.tokens)]).to(batch.source.device, non_blocking=True)  # (A,)
        told = torch.rand(len(replies), 1, generator=self.chance, device=replies.device) < TOLD
        weights = torch.where(told, aloud.plan.only(replies), aloud.plan.logits.float().softmax(-1))
        return aloud.decided(weights), self.options.plan * torch.stack([*opinions]).sum()


@torch.inference_mode()
def log_probabilities(network: Network, examples: Examples, *, budget: int = 8192, processes: Processes = ALONE) -> Tensor:
    """The teacher-forced log-probability of each example's target, end-mark counted, without label smoothing: (N,) in nats.

    A listener that plans is scored as it speaks: by its plan of that reply, and by its pieces once that is decided; where it is not known which number a reply
    has among those that it plans, with all plans in mind, each as far as it is likely. Of several processes each computes its share, and has 0 for the others'.
    """
    scores = torch.zeros(len(examples))
    for rows in islice(examples.chunks(budget), processes.rank, None, processes.world):
        batch = examples.batch(rows)
        context, planned = network.encode(batch.source), torch.zeros(())
        if context.plan is not None and examples.repeating.distinct + 1 == len(context.plan.told):
            numbers = examples.repeating.planned(batch.rows).to(batch.source.device)
            planned = context.plan.logits.float().log_softmax(-1).gather(1, numbers[:, None])[:, 0].cpu()  # (B,)
            context = context.decided(context.plan.only(numbers))
        logits = target_logits(network, batch, context)
        # Flat: over transposed logits it takes twice as long.
        nats = functional.cross_entropy(logits.flatten(0, 1).float(), batch.targets.flatten(), ignore_index=PAD, reduction="none")  # (B * T,)
        scores[batch.rows] = planned - nats.view_as(batch.targets).sum(1).cpu()
    return scores


def perplexity_of(network: Network | nn.Module, examples: Examples, processes: Processes = ALONE) -> float:
    """exp of the mean nats a target piece, teacher-forced, end-marks counted."""
    pieces = int(examples.target.lengths.sum()) - len(examples)
    scores = log_probabilities(network, examples, processes=processes)  # type: ignore[arg-type]
    return exp(-float(processes.sum(scores.double().sum())) / pieces)


def exp(nats: float) -> float:
    """exp of `nats`; infinite where it is too large for a number, or `nats` are none."""
    return math.exp(nats) if nats < 700 else math.inf
