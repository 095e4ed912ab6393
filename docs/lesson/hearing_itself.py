"""How many words are right while the teacher whispers the words before, and how many where a bot hears nothing but itself.

python hearing_itself.py models/none-64 models/half-forced
"""

import sys
from itertools import zip_longest
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

import torch

from chatbot import Bot
from chatbot.batches import Examples
from chatbot.corpus.pairs import Pair, read_pairs
from chatbot.errors import ChatbotError
from chatbot.evaluation.metrics import perplexity
from chatbot.training.loss import target_logits
from chatbot.vocabulary import EOS, PAD


class Heard(NamedTuple):
    """What a bundle makes of lists/test.tsv."""

    perplexity: float  # a piece, as always with the teacher's words before it
    whispered: float  # the share of words that are right after the teacher's words
    alone: float  # the share that are right at their place, after its own words
    lists: float  # the share of lists without a mistake, after its own words


@torch.inference_mode()
def whispered(bot: Bot, pairs: list[Pair]) -> float:
    """The share of words that `bot` guesses right, told all words before each."""
    right = words = 0
    examples = Examples(pairs, bot.vocabulary)
    for rows in examples.chunks(4096):
        batch = examples.batch(rows)
        said = (batch.targets != PAD) & (batch.targets != EOS)  # (B, T): in these lists every word is a piece
        right += int((target_logits(bot.network, batch).argmax(-1) == batch.targets)[said].sum())
        words += int(said.sum())
    return right / words


def measured(model: str) -> Heard:
    """The figures of a bundle."""
    bot, pairs = Bot.load(model), list(read_pairs(Path("lists/test.tsv")))
    replies = [reply.text for reply in bot.replies([pair.utterance for pair in pairs])]
    words = [one == other for pair, reply in zip(pairs, replies, strict=True) for one, other in zip_longest(pair.reply.split(), reply.split())]
    lists = [reply == pair.reply for pair, reply in zip(pairs, replies, strict=True)]
    return Heard(perplexity(bot, pairs).per_piece, whispered(bot, pairs), fmean(words), fmean(lists))


if __name__ == "__main__":
    try:
        found = {model: measured(model) for model in sys.argv[1:]} or sys.exit(__doc__)
    except ChatbotError as error:
        sys.exit(str(error))
    print(f"{'':14} perplexity   words right, whispered to   words right, alone   lists right, alone")
    for model, one in found.items():
        print(f"{Path(model).name:14} {one.perplexity:10.2f} {one.whispered:27.0%} {one.alone:20.0%} {one.lists:20.0%}")
