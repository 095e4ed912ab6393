"""One decoder step, and every way to make a reply of it: greedy, sampling, beam.

B rows, V vocabulary, W width of a beam. A strategy is a function from log-probabilities to ids; all bans live in `Decoder.step`, so no
strategy can forget them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from chatbot.networks.protocol import Context, Network
from chatbot.vocabulary import BOS, EOS, PAD, SEP, UNK

Choose = Callable[[Tensor, int], Tensor]  # log-probabilities (B, V), step -> ids (B,)

_BANNED = [PAD, BOS, UNK, SEP]


class Said(NamedTuple):
    """One piece a row: `ids` (B,), EOS in rows that end or have ended, and its `log_probability` (B,), 0 after the end."""

    ids: Tensor
    log_probability: Tensor


class Hypothesis(NamedTuple):
    """A finished reply of a beam: its pieces without the end-mark, its log-probability with it."""

    ids: list[int]
    log_probability: float
    finished: bool  # False: cut at the limit


@dataclass
class Decoder:
    """A network speaking: the rows' contexts, what they have said, and what they may not say next."""

    network: Network
    context: Context
    said: Tensor  # (B, t) begins with BOS
    visible: Tensor  # (V,) which pieces show something: a reply may not end before one
    block_ngrams: int = 0

    @classmethod
    def listen(cls, network: Network, source: Tensor, visible: Tensor, block_ngrams: int = 0) -> "Decoder":
        """Ready to answer `source` (B, S). The network must be in evaluation mode."""
        assert not getattr(network, "training", False), "a network in training mode drops out"
        return cls(network, network.encode(source), torch.full_like(source[:, :1], BOS), visible, block_ngrams)

    def step(self) -> tuple[Tensor, Tensor]:
        """Log-probabilities (B, V) of the next piece, as the network has them, and the same without what may not be said (-inf)."""
        logits, self.context = self.network.decode(self.said[:, -1:], self.context)  # (B, 1, V)
        log_probabilities = logits[:, 0].float().log_softmax(-1)
        allowed = log_probabilities.clone()
        if self.block_ngrams:
            self._block(allowed)  # first: the end-mark stays allowed
        allowed[:, _BANNED] = -torch.inf
        silent = ~self.visible[self.said].any(1)  # (B,)
        allowed[:, EOS] = log_probabilities[:, EOS].masked_fill(silent, -torch.inf)
        return log_probabilities, allowed

    def say(self, ids: Tensor, rows: Tensor | None = None) -> None:
        """Goes on with `ids` (B,), each after the row of `rows` (B,): by default its own."""
        if rows is not None:
            self.context, self.said = self.context.rows(rows), self.said[rows]
        self.said = torch.cat([self.said, ids[:, None]], 1)

    def _block(self, allowed: Tensor) -> None:
        """Bans what would say the last n-1 pieces and one more a second time."""
        length = self.block_ngrams
        if self.said.shape[1] < length:
            return
        grams = self.said.unfold(1, length, 1)  # (B, places, n)
        tail = self.said[:, self.said.shape[1] - length + 1 :]  # (B, n-1)
        repeated = (grams[:, :, :-1] == tail[:, None]).all(-1)  # (B, places)
        row, place = repeated.nonzero(as_tuple=True)
        allowed[row, grams[row, place, -1]] = -torch.inf


@torch.inference_mode()
def stream(network: Network, source: Tensor, choose: Choose, *, visible: Tensor, limit: int, block_ngrams: int = 0) -> Iterator[Said]:
    """Yields what each row of `source` (B, S) says next, until all have ended or said `limit` pieces. Ceasing to iterate stops it."""
    decoder = Decoder.listen(network, source, visible, block_ngrams)
    ended = torch.zeros(len(source), dtype=torch.bool, device=source.device)
    for step in range(limit):
        log_probabilities, allowed = decoder.step()
        ids = torch.where(ended, EOS, choose(allowed, step))
        chosen = log_probabilities.gather(1, ids[:, None])[:, 0]
        yield Said(ids, chosen.masked_fill(ended, 0.0))
        ended = ended | (ids == EOS)
        if bool(ended.all()):
            return
        decoder.say(ids)


def greedy(allowed: Tensor, step: int) -> Tensor:
    """The likeliest piece of each row of `allowed` (B, V)."""
    return allowed.argmax(-1)


def sampler(*, temperature: float, top_k: int, top_p: float, seeds: list[int]) -> Choose:
    """Draws from the likeliest pieces: the `top_k` first (0: all), of these the fewest that reach `top_p`, at `temperature` (0 is greedy).

    The noise is a function of (seed of the row, step), so a reply does not depend on its neighbours. It is drawn by the Gumbel-max trick
    (Maddison et al. 2014): argmax(log p + g) with g = -log(-log(u)) is a sample of p.
    """
    if temperature == 0:
        return greedy

    def choose(allowed: Tensor, step: int) -> Tensor:
        scores = (allowed / temperature).log_softmax(-1)
        if 0 < top_k < scores.shape[-1]:
            scores = scores.masked_fill(scores < scores.topk(top_k)[0][:, -1:], -torch.inf)
        if top_p < 1:
            ordered, order = scores.softmax(-1).sort(descending=True, stable=True)
            beyond = ordered.cumsum(-1) - ordered >= top_p  # the first is never beyond
            scores = scores.masked_fill(torch.zeros_like(beyond).scatter(1, order, beyond), -torch.inf)
        noise = torch.stack([_uniform(seed, step, scores.shape[-1]) for seed in seeds]).to(scores.device)
        return (scores - (-noise.log()).log()).argmax(-1)  # in double precision: in single, a draw could round to 1 and win with what is banned

    return choose


def _uniform(seed: int, step: int, count: int) -> Tensor:
    """`count` numbers in (0, 1) that are a function of `seed` and `step`."""
    generator = torch.Generator().manual_seed((seed * 1_000_003 + step) % 2**63)
    return torch.rand(count, generator=generator, dtype=torch.float64).clamp(min=1e-12, max=1 - 1e-12)


@torch.inference_mode()
def beam(
    network: Network, source: Tensor, *, width: int, visible: Tensor, limit: int, length_penalty: float = 1.0, block_ngrams: int = 0
) -> list[list[Hypothesis]]:
    """For each row of `source` (B, S) its finished replies, best first, at most `width`.

    A reply's score is its log-probability / pieces ** `length_penalty`, the end-mark counted (Wu et al. 2016, with a plain power). A reply has
    ended when its end-mark is among the `width` best steps; a row's search ends with its `width`-th such reply, or at `limit` pieces, where
    the open ones are cut. A beam of width 1 is greedy.
    """
    rows, device = len(source), source.device
    decoder = Decoder.listen(network, source, visible, block_ngrams)
    decoder.context = decoder.context.rows(torch.arange(rows, device=device).repeat_interleave(width))
    decoder.said = decoder.said.repeat_interleave(width, 0)
    scores = torch.full((rows, width), -torch.inf, device=device)  # log-probabilities of the open replies
    scores[:, 0] = 0.0  # in the beginning they are all the same: keep one
    ended: list[list[tuple[float, Hypothesis]]] = [[] for _ in range(rows)]
    first = torch.arange(rows, device=device)[:, None] * width  # (B, 1)

    for step in range(1, limit + 1):
        log_probabilities, allowed = decoder.step()  # (B * W, V)
        size = allowed.shape[-1]
        totals = (scores[:, :, None] + torch.where(allowed.isfinite(), log_probabilities, -torch.inf).view(rows, width, size)).flatten(1)
        best, places = totals.topk(2 * width)  # (B, 2W): enough, however many of them end
        ids, parents = places % size, first + places // size  # (B, 2W)
        ends = ids == EOS
        for row, place in (ends[:, :width] & best[:, :width].isfinite()).nonzero().tolist():
            total = float(best[row, place])
            said = decoder.said[parents[row, place], 1:].tolist()
            ended[row].append((total / step**length_penalty, Hypothesis(said, total, True)))
        open_first = (ends.long() * 2 * width + torch.arange(2 * width, device=device)).argsort(1)[:, :width]
        scores, ids, parents = best.masked_fill(ends, -torch.inf).gather(1, open_first), ids.gather(1, open_first), parents.gather(1, open_first)
        for row, found in enumerate(ended):
            if len(found) >= width:
                scores[row] = -torch.inf
        if not bool(scores.isfinite().any()):
            break
        decoder.say(ids.flatten(), parents.flatten())
    for row in range(rows):
        for place in range(width):
            total = float(scores[row, place])
            if total > -torch.inf:
                said = decoder.said[row * width + place, 1:].tolist()
                ended[row].append((total / len(said) ** length_penalty, Hypothesis(said, total, False)))
        ended[row].sort(key=lambda pair: -pair[0])
    return [[hypothesis for _, hypothesis in found[:width]] for found in ended]
