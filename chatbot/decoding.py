"""One decoder step, and every way to make a reply of it: greedy, sampling, beam.

B rows, V vocabulary, W width of a beam, R rows that are still open, P replies that a network may plan. A strategy is a function from log-probabilities to ids; all bans live in
`Decoder.step`, so no strategy can forget them. A device is waited for once a piece (with known replies twice more): what the host must know comes over in one tensor of
numbers in fp32, which holds ids exactly up to 2**24.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor

from chatbot.batches import pad
from chatbot.networks.protocol import Context, Network
from chatbot.prefix_tree import ROOT, PrefixTree
from chatbot.records import Planned
from chatbot.vocabulary import BOS, EOS, PAD, SEP, UNK

Choose = Callable[[Tensor, int, Sequence[int]], Tensor]  # log-probabilities (R, V), step, the number of each row in the source -> ids (R,)

PLANNING = -1  # the step before the first
_BANNED = [PAD, BOS, UNK, SEP]
_FEW = 16  # rows for which a step costs its calls rather than its sums: more gain nothing from being told what follows
_LEAVE = 0.25  # rows that have ended leave the batch once they are so many of it: each leaving copies the others


class Spoken(NamedTuple):
    """One piece a row: its id, EOS in rows that end or have ended, and its log-probability, 0 after the end."""

    ids: list[int]
    log_probabilities: list[float]  # of the first piece with that of the plan
    plans: list[Planned] | None = None  # what each row has in mind, where the network plans


class Hypothesis(NamedTuple):
    """A reply of a beam: its pieces without the end-mark, its log-probability with it."""

    ids: list[int]
    log_probability: float  # as the network has it
    finished: bool  # False: cut at the limit
    total: float  # what the search adds up: the log-probability, or of known replies that among what may be said
    plan: Planned | None = None  # what it had in mind, where the network plans; of the log-probability a part

    def score(self, length_penalty: float) -> float:
        """By which replies are compared. The length of a planned one was decided with it: no short word wins by itself, and there is nothing to make up for."""
        pieces = 1 if self.plan else len(self.ids) + self.finished
        return self.total / pieces**length_penalty


@dataclass(frozen=True)
class Limits:
    """What a reply may be, whatever the strategy."""

    visible: Tensor  # (V,) which pieces show something: a reply may not end before one
    pieces: int  # at the most, the end-mark included
    block_ngrams: int = 0  # no so many pieces in a row twice; 0 allows them
    known: PrefixTree | None = None  # the replies that there are; None: any
    planned: int = 0  # of them the first so many are those that the network plans, in their order: who has decided for one says that one


@dataclass
class Decoder:
    """A network speaking: the rows' contexts, what they have said, and what they may not say next."""

    network: Network
    context: Context
    said: Tensor  # (B, t) begins with BOS
    silence: Tensor  # (B,) -inf where nothing visible has been said yet, else 0
    bans: Tensor  # (V,) -inf for what is never said, else 0
    limits: Limits
    nodes: list[int]  # where each row stands in the tree of known replies
    ahead: tuple[Tensor, Tensor] | None = None  # once each row can say only one thing: logits (N, T, V) of all that is to come, and whose each row's are (B,)

    @classmethod
    def listen(cls, network: Network, source: Tensor, limits: Limits) -> "Decoder":
        """Ready to answer `source` (B, S). The network must be in evaluation mode."""
        assert not getattr(network, "training", False), "a network in training mode drops out"
        said = torch.full_like(source[:, :1], BOS)
        bans = torch.zeros(len(limits.visible))
        bans[_BANNED] = -torch.inf
        silence = torch.full((len(source),), -torch.inf, device=source.device)
        return cls(network, network.encode(source), said, silence, bans.to(source.device), limits, [ROOT] * len(source))

    def decide(self, plan: Tensor, numbers: Tensor) -> list[Planned]:
        """Goes on with N rows for each of the B, one with each reply of `numbers` (B, N) in mind; `plan` (B, P) are the log-probabilities of all."""
        index = torch.arange(len(plan), device=plan.device).repeat_interleave(numbers.shape[1])  # (B * N,)
        context, chosen = self.context.rows(index), numbers.flatten()
        assert context.plan is not None
        self.context = context.decided(context.plan.only(chosen))
        self.said, self.silence = self.said[index], self.silence[index]
        known, planned = self.limits.known, self.limits.planned
        self.nodes = [known.only(number) if known and number < planned else ROOT for number in chosen.tolist()]
        entropies = torch.special.entr(plan.exp()).sum(-1)  # (B,)
        told = torch.stack([chosen, plan[index, chosen], entropies[index]], -1).tolist()
        return [Planned(int(number), score, entropy) for number, score, entropy in told]

    def step(self) -> tuple[Tensor, Tensor]:
        """Log-probabilities (B, V) of the next piece, as the network has them, and the same without what may not be said (-inf); of known replies, as shares of what may.

        So the rest of a reply that its first pieces tell costs a beam nothing, and a long one is as good as a short one.
        """
        log_probabilities = self._logits().float().log_softmax(-1)
        allowed = log_probabilities + self.bans
        if self.limits.known:
            return log_probabilities, (allowed + self._unknown(self.limits.known)).log_softmax(-1)
        if self.limits.block_ngrams:
            self._block(allowed, self.limits.block_ngrams)
            allowed[:, EOS] = log_probabilities[:, EOS]
        allowed[:, EOS].add_(self.silence)
        return log_probabilities, allowed

    def say(self, ids: Tensor, rows: Tensor | None = None, *, siblings: bool = False) -> None:
        """Goes on with `ids`, each after the row of `rows`: by default its own. `siblings`: each row still hears what the row in its place heard."""
        if rows is not None:
            self.context = self.context.siblings(rows) if siblings else self.context.rows(rows)
            self.said, self.silence = self.said[rows], self.silence[rows]
            self.ahead = self.ahead and (self.ahead[0], self.ahead[1][rows])
        if known := self.limits.known:
            before = self.nodes if rows is None else [self.nodes[row] for row in rows.tolist()]
            self.nodes = [known.after(node, number) for node, number in zip(before, ids.tolist(), strict=True)]
        self.said = torch.cat([self.said, ids[:, None]], 1)
        self.silence = self.silence.masked_fill(self.limits.visible[ids], 0.0)

    def _logits(self) -> Tensor:
        """(B, V) of the next piece. Where each of few rows can say only one known reply, the network hears all of it at once, as it does in training."""
        if self.ahead is None and self.limits.known and len(self.nodes) <= _FEW and all(rests := [self.limits.known.rest(node) for node in self.nodes]):
            after = pad([rest[:-1] for rest in rests], self.said.device)  # (B, T - 1)
            logits, _ = self.network.decode(torch.cat([self.said[:, -1:], after], 1), self.context)  # (B, T, V)
            self.ahead = logits, torch.arange(len(logits), device=logits.device)
        if self.ahead is not None:
            logits, rows = self.ahead
            self.ahead = logits[:, 1:], rows
            return logits[rows, 0]
        logits, self.context = self.network.decode(self.said[:, -1:], self.context)  # (B, 1, V)
        return logits[:, 0]

    def _unknown(self, known: PrefixTree) -> Tensor:
        """(B, V) -inf for what leads to no known reply, else 0; the end-mark stays possible in rows that have said one."""
        places = [(row, number) for row, node in enumerate(self.nodes) for number in known.following(node) or (EOS,)]
        bans = torch.full((len(self.nodes), len(self.bans)), -torch.inf)
        rows, ids = torch.tensor(places).unbind(1)
        bans[rows, ids] = 0.0
        return bans.to(self.bans.device)

    def _block(self, allowed: Tensor, length: int) -> None:
        """Bans what would say the last n-1 pieces and one more a second time."""
        if self.said.shape[1] < length:
            return
        grams = self.said.unfold(1, length, 1)  # (B, places, n)
        tail = self.said[:, self.said.shape[1] - length + 1 :]  # (B, n-1)
        repeated = (grams[:, :, :-1] == tail[:, None]).all(-1)  # (B, places)
        bans = torch.zeros_like(repeated, dtype=allowed.dtype).masked_fill(repeated, -torch.inf)
        allowed.scatter_add_(1, grams[:, :, -1], bans)


@torch.inference_mode()
def stream(network: Network, source: Tensor, choose: Choose, limits: Limits) -> Iterator[Spoken]:
    """Yields what each row of `source` (B, S) says next, until all have ended or reached the limit. Ceasing to iterate stops it."""
    decoder = Decoder.listen(network, source, limits)
    rows = list(range(len(source)))  # those that the decoder still holds
    ended = [False] * len(source)
    plans = None
    if decoder.context.plan:
        plan = decoder.context.plan.logits.float().log_softmax(-1)  # (B, P)
        plans = decoder.decide(plan, choose(plan, PLANNING, rows)[:, None])
    for step in range(limits.pieces):
        log_probabilities, allowed = decoder.step()  # (R, V)
        ids = choose(allowed, step, rows)  # (R,)
        chosen = log_probabilities.gather(1, ids[:, None])[:, 0]
        said = Spoken([EOS] * len(source), [one.log_probability for one in plans] if plans and not step else [0.0] * len(source), plans)
        for row, number, score in zip(rows, *torch.stack([ids, chosen]).tolist(), strict=True):
            if not ended[row]:
                said.ids[row] = int(number)
                said.log_probabilities[row] += score
                ended[row] = number == EOS
        yield said
        places = [place for place, row in enumerate(rows) if not ended[row]]
        if not places:
            return
        if len(places) > (1 - _LEAVE) * len(rows):
            decoder.say(ids)
        else:
            rows, index = [rows[place] for place in places], torch.tensor(places, device=source.device)
            decoder.say(ids[index], index)


def greedy(allowed: Tensor, step: int, rows: Sequence[int]) -> Tensor:
    """The likeliest piece of each row of `allowed` (R, V)."""
    return allowed.argmax(-1)


def cut(allowed: Tensor, *, temperature: float, top_k: int, top_p: float) -> Tensor:
    """Log-probabilities (R, V) at `temperature`, -inf for what is never drawn.

    That is all but the `top_k` likeliest (0: none), and of these all but the fewest that reach `top_p`.
    """
    scores = (allowed / temperature).log_softmax(-1)
    if 0 < top_k < scores.shape[-1]:
        scores = scores.masked_fill(scores < scores.topk(top_k)[0][:, -1:], -torch.inf)
    if top_p < 1:
        ordered, order = scores.softmax(-1).sort(descending=True, stable=True)
        beyond = ordered.cumsum(-1) - ordered >= top_p  # the first is never beyond
        scores = scores.masked_fill(torch.zeros_like(beyond).scatter(1, order, beyond), -torch.inf)
    return scores


def sampler(*, temperature: float, top_k: int, top_p: float, seeds: list[int]) -> Choose:
    """Draws from what `cut` leaves, at `temperature` (0 is greedy).

    The noise is a function of (seed of the row, step), so a reply does not depend on its neighbours. It is drawn by the Gumbel-max trick
    (Maddison et al. 2014): argmax(log p + g) with g = -log(-log(u)) is a sample of p.
    """
    if temperature == 0:
        return greedy

    def choose(allowed: Tensor, step: int, rows: Sequence[int]) -> Tensor:
        scores = cut(allowed, temperature=temperature, top_k=top_k, top_p=top_p)
        noise = torch.stack([_uniform(seeds[row], step, scores.shape[-1]) for row in rows]).to(scores.device)
        return (scores - (-noise.log()).log()).argmax(-1)  # in double precision: in single, a draw could round to 1 and win with what is banned

    return choose


def _uniform(seed: int, step: int, count: int) -> Tensor:
    """`count` numbers in (0, 1) that are a function of `seed` and `step`."""
    generator = torch.Generator().manual_seed((seed * 1_000_003 + step) % 2**63)
    return torch.rand(count, generator=generator, dtype=torch.float64).clamp(min=1e-12, max=1 - 1e-12)


@torch.inference_mode()
def beam(network: Network, source: Tensor, limits: Limits, *, width: int, length_penalty: float = 1.0) -> list[list[Hypothesis]]:
    """For each row of `source` (B, S) its finished replies, best first, at most `width`.

    A reply's score is its total / pieces ** `length_penalty`, the end-mark counted (Wu et al. 2016, with a plain power); that of a planned one is its total.
    A reply has ended when its end-mark is among the `width` best steps; a row's search ends with its `width`-th such reply, or at the limit, where the open
    ones are cut. A network that plans begins with the `width` likeliest plans, another with one empty reply. A beam of width 1 is greedy.
    """
    decoder = Decoder.listen(network, source, limits)
    scores = torch.zeros(len(source), 1, device=source.device)  # (R, W) totals of the open replies
    searches = [_Search(row, [Hypothesis([], 0.0, False, 0.0)]) for row in range(len(source))]  # those that go on
    if decoder.context.plan:
        plan = decoder.context.plan.logits.float().log_softmax(-1)  # (B, P)
        scores, numbers = plan.topk(min(width, plan.shape[-1]))  # (B, W) each
        plans = decoder.decide(plan, numbers)
        for search in searches:
            these = plans[search.row * numbers.shape[1] : (search.row + 1) * numbers.shape[1]]
            search.open = [Hypothesis([], one.log_probability, False, one.log_probability, one) for one in these]
    found: list[list[Hypothesis]] = [[] for _ in searches]
    for step in range(1, limits.pieces + 1):
        log_probabilities, allowed = decoder.step()  # (R * W, V) each
        size = allowed.shape[-1]
        totals = (scores.view(-1, 1) + allowed).view(len(searches), -1)  # (R, W * V)
        best, places = totals.topk(min(2 * width, totals.shape[1]))  # (R, 2W): enough, however many of them end
        own = log_probabilities.view(len(searches), -1).gather(1, places)
        going = []
        for search, steps in zip(searches, torch.stack([best, own, places // size, places % size], -1).tolist(), strict=True):
            found[search.row] += search.go_on(steps, width)
            if len(found[search.row]) < width and search.open:
                going.append(search)
        if not going or step == limits.pieces:
            break
        first = {search.row: number * scores.shape[1] for number, search in enumerate(searches)}  # the decoder's row of its first reply
        searches, all_go_on = going, step > 1 and len(going) == len(searches)
        steps = [step for search in searches for step in search.padded(first[search.row], width)]
        scores, rows, ids = torch.tensor(steps, device=source.device).view(len(searches), width, 3).unbind(-1)  # (R, W) each
        decoder.say(ids.flatten().long(), rows.flatten().long(), siblings=all_go_on)
    for search in going:
        found[search.row] += search.open
    return [sorted(those, key=lambda one: -one.score(length_penalty))[:width] for those in found]


@dataclass
class _Search:
    """One row of a beam: its open replies, best first, and for each the place of the one that it goes on from."""

    row: int
    open: list[Hypothesis]
    parents: list[int] = field(default_factory=list)

    def go_on(self, steps: list[list[float]], width: int) -> list[Hypothesis]:
        """Takes the best `steps`, best first, and returns those of the first `width` that end.

        A step is its total, the log-probability of the piece, the place of the open reply, and the id.
        """
        ends, going = [], []
        for rank, (total, own, place, number) in enumerate(steps):
            if total == -math.inf:
                break
            before = self.open[int(place)]
            after = before._replace(log_probability=before.log_probability + own, total=total)
            if number != EOS:
                going.append((int(place), after._replace(ids=[*before.ids, int(number)])))
            elif rank < width:
                ends.append(after._replace(finished=True))
        self.parents, self.open = [place for place, _ in going[:width]], [one for _, one in going[:width]]
        return ends

    def padded(self, first: int, width: int) -> list[tuple[float, int, int]]:
        """(total, the decoder's row, last id) of the open replies, and of as many impossible ones as `width` lacks."""
        steps = [(one.total, first + place, one.ids[-1]) for one, place in zip(self.open, self.parents, strict=True)]
        return steps + [(-math.inf, first, EOS)] * (width - len(steps))
