"""When a bot had better say that it did not follow: how sure of a reply it has to be, found on what was held out and on what makes no sense."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chatbot.bot import Bot
from chatbot.corpus.pairs import Pair
from chatbot.evaluation.metrics import answers
from chatbot.records import Decoding

KEEP = 0.985  # of the right replies at the least: to be told that it did not follow what is plain is worse than a reply that is only half to the point
FEWEST = 20  # right replies that a threshold may be found on


@dataclass(frozen=True)
class Threshold:
    """How sure a bot has to be, and what that does to the greedy replies that it was found on: the shares of them that stay."""

    sureness: float  # as `Reply.sureness` has it
    right: float
    wrong: float
    nonsense: float  # replies to words of the corpus in no order


def calibrate(bot: Bot, held_out: Sequence[Pair], allowed: Mapping[str, tuple[str, ...]], decoding: Decoding) -> Threshold | None:
    """The threshold that keeps the most right replies less the share of the others, and KEEP of the right ones at the least; None where too few are right.

    The others are the wrong replies and those to nonsense. Without a plan, of a whole reply the log-probability tells right from wrong better than its mean a
    piece does, since pieces that follow from the ones before only dilute it. `allowed` is what `allowed_replies` gives.
    """
    given = answers(bot, held_out, allowed, decoding)
    right, wrong = list[float](), list[float]()
    for reply, is_it in zip(given.replies, given.right, strict=True):
        (right if is_it else wrong).append(reply.sureness)
    if len(right) < FEWEST:
        return None
    words = [text for text in nonsense([pair.utterance for pair in given.asked]) if len(bot.vocabulary.hear(text)) <= bot.utterance_limit]
    strange = [reply.sureness for reply in bot.replies(words, decoding)]
    right.sort()
    others = [*wrong, *strange]
    candidates = right[: 1 + int(len(right) * (1 - KEEP))]
    best = max(candidates, key=lambda least: _share(right, least) - _share(others, least))
    return Threshold(best, _share(right, best), _share(wrong, best), _share(strange, best))


def nonsense(utterances: Sequence[str]) -> list[str]:
    """As many utterances of the same numbers of words, the words drawn from all of them: always the same."""
    draw = random.Random(0)
    words = [word for text in utterances for word in text.split()]
    return [" ".join(draw.choice(words) for _ in text.split()) for text in utterances]


def _share(values: Sequence[float], least: float) -> float:
    """The share of `values` that are not below `least`."""
    return sum(value >= least for value in values) / max(1, len(values))
