"""Text in, reply out: a network and its vocabulary as somebody to talk to."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain

import torch

from chatbot import bundle as bundles
from chatbot.batches import Examples, pad
from chatbot.bundle import Bundle
from chatbot.corpus.folding import LINE_BREAK
from chatbot.decoding import PLANNING, Choose, Hypothesis, Limits, Spoken, beam, cut, greedy, sampler, stream
from chatbot.errors import OptionError, PromptError
from chatbot.networks.packed import packed
from chatbot.networks.protocol import Network
from chatbot.networks.seq2seq import Seq2Seq
from chatbot.networks.token_by_token import TokenByTokenRNN
from chatbot.options import LIMIT
from chatbot.prefix_tree import PrefixTree
from chatbot.records import Candidate, Choice, Decoding, Reply
from chatbot.vocabulary import EOS, SEP, Vocabulary, source_ids, target_ids

History = Sequence[tuple[str, str]]  # (utterance, reply) turns, oldest first

UNREADABLE = 0.5  # the share of characters unknown to the vocabulary from which on a bot that can be in doubt does not follow

_BATCH = 128  # utterances answered at once


@dataclass(frozen=True)
class Bot:
    """A network that speaks a vocabulary. `history` is how many earlier turns it hears."""

    network: Network
    vocabulary: Vocabulary
    history: int = 0
    utterance_limit: int = LIMIT  # pieces; longer is refused, never cut: what decides may come last
    reply_limit: int = 64  # pieces
    device: torch.device | None = None  # None: the CPU
    known: tuple[str, ...] = ()  # the replies it was trained on, if the bundle keeps them
    threshold: float = -math.inf  # how sure the bot has to be, or else it had better say that it did not follow

    @classmethod
    def load(cls, model: str | None = None, *, device: str = "cpu") -> "Bot":
        """The listener of a bundle, by path or name; by default the newest one under ./models, else the one that ships. Raises BundleError."""
        return cls.of(bundles.load(bundles.find(model), device=device))

    @classmethod
    def of(cls, bundle: Bundle, *, wait: int | None = None) -> "Bot":
        """The listener of `bundle`, or its interrupter of that `wait`. Raises OptionError when the bundle has none."""
        if wait is not None and wait not in bundle.interrupters:
            has = f"it has {', '.join(str(one) for one in sorted(bundle.interrupters))}" if bundle.interrupters else "it has none"
            raise OptionError(f"no interrupter with wait {wait} in {bundle.name}", remedy=has)
        network: Network = packed(bundle.listener if wait is None else bundle.interrupters[wait])
        details = bundle.details
        device = next(bundle.listener.parameters()).device
        threshold = -math.inf if wait is not None else details.threshold.get("sureness", -math.inf)
        return cls(network, bundle.vocabulary, details.history, details.utterance_limit, details.reply_limit, device, bundle.replies, threshold)

    def hear(self, utterance: str, history: History = ()) -> list[int]:
        """The ids of `utterance` and of the turns before it. Raises PromptError when there is nothing in it, or too much."""
        pieces = len(self.vocabulary.hear(utterance))
        if not pieces:
            raise PromptError("nothing to answer", remedy="say something")
        if pieces > self.utterance_limit:
            raise PromptError(f"too long: {pieces} pieces of at most {self.utterance_limit}", remedy="say it in fewer words")
        return source_ids(self.vocabulary, utterance, list(history)[max(0, len(history) - self.history) :] if self.history else ())

    def stream(self, utterance: str, decoding: Decoding | None = None, history: History = ()) -> Iterator[str | Reply]:
        """Yields the reply's text as it is said, a chunk a piece ("" while a character is still open), and last the whole Reply.

        Ceasing to iterate stops it. A beam says all at once, and so does a bot that did not follow, or may find so at the end.
        """
        decoding = self._possible(decoding)
        source = self.hear(utterance, history)
        began = time.perf_counter()
        plans = isinstance(self.network, Seq2Seq) and self.network.planner is not None
        spoken = self._speak([source], decoding)
        first = None if decoding.strategy == "beam" or (decoding.unsure and not plans) else next(spoken)
        if first is None or (decoding.unsure and first.plans and not self._follows(source, -first.plans[0].entropy)):
            reply = self._answer([source], decoding)[0]
            yield reply.text
            yield reply
            return
        ids, scores = list[int](), list[float]()

        def said() -> Iterator[int]:
            for (number,), (score,), _ in chain([first], spoken):
                scores.append(score)
                if number != EOS:
                    ids.append(number)
                    yield number

        whole = ""
        for text in self.vocabulary.stream(said()):
            whole += text
            yield text.replace(LINE_BREAK, "\n")
        milliseconds = (time.perf_counter() - began) * 1000
        yield Reply(
            whole.replace(LINE_BREAK, "\n"),
            sum(scores),
            len(scores),
            milliseconds,
            len(scores) > len(ids),
            ids=tuple(ids),
            plan=first.plans[0] if first.plans else None,
        )

    def reply(self, utterance: str, decoding: Decoding | None = None, history: History = ()) -> Reply:
        """The whole reply to one utterance."""
        *_, reply = self.stream(utterance, decoding, history)
        assert isinstance(reply, Reply)
        return reply

    def replies(self, utterances: Sequence[str], decoding: Decoding | None = None, histories: Sequence[History] | None = None) -> list[Reply]:
        """The replies to many utterances, answered in batches of like length; each is what it would have been alone."""
        decoding = self._possible(decoding)
        heard = [self.hear(text, histories[place] if histories else ()) for place, text in enumerate(utterances)]
        found: dict[int, Reply] = {}
        for places in alike(heard):
            found.update(zip(places, self._answer([heard[place] for place in places], decoding), strict=True))
        return [found[place] for place in range(len(heard))]

    def choices(self, utterance: str, decoding: Decoding | None = None, history: History = (), *, most: int = 8) -> tuple[Choice, ...]:
        """What could come next at each step of the reply, the `most` likeliest pieces, and which of them the decoding can say there.

        Where the network plans, first the replies that it could decide for. A beam goes on with no more than its width of pieces from one reply; which,
        other replies decide too.
        """
        decoding = replace(self._possible(decoding), unsure="")
        source, limits = pad([self.hear(utterance, history)], self.device), self.limits(decoding)
        choose = self._chooser(decoding, 1)
        if decoding.strategy == "beam":
            best = beam(self.network, source, limits, width=decoding.width, length_penalty=decoding.length_penalty)[0][0]
            choose = _deciding(best.plan.number if best.plan else 0, _repeating([*best.ids, EOS]))
        choices = []

        def recorded(allowed: torch.Tensor, step: int, rows: Sequence[int]) -> torch.Tensor:
            chosen = choose(allowed, step, rows)
            text = self._meant(source, limits) if step == PLANNING else self.vocabulary.text
            choices.append(replace(self._choice(allowed, int(chosen), decoding, most, text), planning=step == PLANNING))
            return chosen

        for _ in stream(self.network, source, recorded, limits):
            pass
        return tuple(choices)

    def _meant(self, source: torch.Tensor, limits: Limits) -> Callable[[int], str]:
        """Which reply a number of the plan stands for: the one that follows when it is decided for."""

        def meant(number: int) -> str:
            steps = stream(self.network, source, _deciding(number, greedy), limits)
            return self.vocabulary.decode(piece for said in steps for piece in said.ids if piece != EOS)

        return meant

    def _choice(self, allowed: torch.Tensor, said: int, decoding: Decoding, most: int, text: Callable[[int], str]) -> Choice:
        """What could come next, of which `said` came; `allowed` is (1, V), and `text` says what an id is."""
        if decoding.strategy == "sample" and decoding.temperature > 0:
            probabilities = (allowed / decoding.temperature).softmax(-1)[0]  # (V,)
            kept = cut(allowed, temperature=decoding.temperature, top_k=decoding.top_k, top_p=decoding.top_p)[0] > -torch.inf  # (V,)
        else:
            probabilities = allowed.softmax(-1)[0]
            kept = torch.zeros_like(probabilities, dtype=torch.bool)
            kept[[*(probabilities.topk(min(decoding.width, len(probabilities))).indices.tolist() if decoding.strategy == "beam" else ()), said]] = True
        candidates = {
            number: Candidate(text(number), float(probabilities[number]), bool(kept[number]))
            for number in (*probabilities.topk(min(most, len(probabilities))).indices.tolist(), said)
        }
        return Choice(candidates[said], tuple(candidates.values())[:most], int(kept.sum()))

    def _possible(self, decoding: Decoding | None) -> Decoding:
        """What this network can do of it. A beam looks ahead and doubt looks back, which an interrupter cannot: it is greedy, and says what it says."""
        decoding = decoding or Decoding()
        if decoding.known_replies and not self.known:
            raise OptionError("--known-replies, but this bundle does not keep the replies that it was trained on", remedy="leave it out, or train it again")
        if self.threshold == -math.inf:
            decoding = replace(decoding, unsure="")
        early = isinstance(self.network, TokenByTokenRNN) and decoding.strategy == "beam"
        return replace(decoding, strategy="greedy") if early else decoding

    def _answer(self, sources: list[list[int]], decoding: Decoding) -> list[Reply]:
        """The reply to each source, a batch; where the bot is not sure enough, that it did not follow."""
        replies = self._beam(sources, decoding) if decoding.strategy == "beam" else self._together(sources, decoding)
        if not decoding.unsure:
            return replies
        surest = replies if decoding.strategy == "greedy" else self._together(sources, replace(decoding, strategy="greedy"))
        return [
            reply if self._follows(source, sure.sureness) else replace(reply, text=decoding.unsure, instead_of=reply.text)
            for source, reply, sure in zip(sources, replies, surest, strict=True)
        ]

    def _follows(self, source: list[int], sureness: float) -> bool:
        """Whether the bot is sure enough, and can read what is said: of an alphabet that its corpus does not have it has learnt nothing, however sure it is."""
        said = source[len(source) - source[::-1].index(SEP) :] if SEP in source else source
        return sureness >= self.threshold and self.vocabulary.unknown(said) < UNREADABLE

    def _together(self, sources: list[list[int]], decoding: Decoding) -> list[Reply]:
        """Greedy or sampled replies, a batch."""
        began = time.perf_counter()
        steps = list(self._speak(sources, decoding))
        milliseconds = (time.perf_counter() - began) * 1000 / len(sources)
        replies = []
        for row in range(len(sources)):
            ids = [said.ids[row] for said in steps]
            finished = EOS in ids
            pieces = ids[: ids.index(EOS)] if finished else ids
            plans, score = steps[0].plans, sum(said.log_probabilities[row] for said in steps)
            replies.append(self._reply(Hypothesis(pieces, score, finished, score, plans[row] if plans else None), milliseconds))
        return replies

    def _beam(self, sources: list[list[int]], decoding: Decoding) -> list[Reply]:
        """The best reply of a beam for each source."""
        began = time.perf_counter()
        best = beam(self.network, pad(sources, self.device), self.limits(decoding), width=decoding.width, length_penalty=decoding.length_penalty)
        milliseconds = (time.perf_counter() - began) * 1000 / len(sources)
        return [self._reply(hypotheses[0], milliseconds) for hypotheses in best]

    def _speak(self, sources: list[list[int]], decoding: Decoding) -> Iterator[Spoken]:
        """What each source's reply says next, a piece at a time."""
        return stream(self.network, pad(sources, self.device), self._chooser(decoding, len(sources)), self.limits(decoding))

    def _chooser(self, decoding: Decoding, rows: int) -> Choose:
        """How a piece is chosen, where no beam is asked for."""
        if decoding.strategy != "sample":
            return greedy
        return sampler(temperature=decoding.temperature, top_k=decoding.top_k, top_p=decoding.top_p, seeds=[decoding.seed] * rows)

    def limits(self, decoding: Decoding) -> Limits:
        """What a reply may be."""
        known = self._tree if decoding.known_replies else None
        return Limits(self._visible, decoding.limit or self.reply_limit, decoding.block_ngrams, known, len(self.planned) if known else 0)

    @cached_property
    def _visible(self) -> torch.Tensor:
        """(V,) which pieces show something."""
        return torch.tensor(self.vocabulary.visible(), device=self.device)

    def text(self, ids: Sequence[int]) -> str:
        """The reply of these pieces."""
        return self.vocabulary.decode(ids).replace(LINE_BREAK, "\n")

    @cached_property
    def planned(self) -> dict[str, int]:
        """The replies that the network may plan, and the number of each; none where it does not, or where they are not known."""
        replies = self.network.options.replies if isinstance(self.network, Seq2Seq) else 0
        return {reply: number for number, reply in enumerate(self.known[:replies])}

    def numbered(self, examples: Examples) -> Examples:
        """`examples`, in which it is known which of the replies that the network plans they have."""
        return examples.numbered({tuple(target_ids(self.vocabulary, reply)): number for reply, number in self.planned.items()})

    @cached_property
    def _tree(self) -> PrefixTree:
        """The known replies."""
        return PrefixTree([*self.vocabulary.encode(reply), EOS] for reply in self.known)

    def _reply(self, hypothesis: Hypothesis, milliseconds: float) -> Reply:
        pieces = len(hypothesis.ids) + hypothesis.finished
        return Reply(
            self.text(hypothesis.ids), hypothesis.log_probability, pieces, milliseconds, hypothesis.finished, ids=tuple(hypothesis.ids), plan=hypothesis.plan
        )


def alike(heard: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Yields the places of sources of like length, as many as are answered at once."""
    order = sorted(range(len(heard)), key=lambda place: len(heard[place]))
    for start in range(0, len(order), _BATCH):
        yield order[start : start + _BATCH]


def _repeating(ids: Sequence[int]) -> Choose:
    """Says these, whatever is likely."""
    return lambda allowed, step, rows: torch.full((len(allowed),), ids[step], device=allowed.device)


def _deciding(number: int, then: Choose) -> Choose:
    """Decides for the reply of that number where the network plans, and goes on as `then` does."""
    return lambda allowed, step, rows: torch.full((len(allowed),), number, device=allowed.device) if step == PLANNING else then(allowed, step, rows)
