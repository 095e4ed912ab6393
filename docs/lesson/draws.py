"""How many different replies a bot gives when it draws them, and how many of them are right.

python draws.py models/moods
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

from chatbot import Bot, Decoding
from chatbot.corpus.pairs import read_pairs
from chatbot.corpus.split import split_pairs
from chatbot.errors import ChatbotError
from chatbot.evaluation.metrics import allowed_replies, is_right

DRAWS = 20
CUTS = [(0.0, 1.0), (0.5, 1.0), (1.0, 1.0), (1.5, 1.0), (2.0, 1.0), (2.0, 0.9), (2.0, 0.5)]  # temperature and top-p


class Drawn(NamedTuple):
    """What comes of twenty draws for each held-out utterance of moods.tsv."""

    temperature: float
    top_p: float
    right: float  # the share of replies that the corpus allows
    different: float  # distinct replies to one utterance: the mean


def drawn(model: str) -> Iterator[Drawn]:
    """Yields a row for each way of drawing."""
    bot, pairs = Bot.load(model), list(read_pairs(Path("moods.tsv")))
    allowed = allowed_replies(pairs)
    asked = list(dict.fromkeys(pair.utterance for pair in split_pairs(pairs).test))
    for temperature, top_p in CUTS:
        draws = [Decoding(strategy="sample", temperature=temperature, top_p=top_p, seed=seed) for seed in range(DRAWS)]
        replies = zip(*([reply.text for reply in bot.replies(asked, draw)] for draw in draws), strict=True)  # DRAWS for each utterance
        marks = [(fmean(is_right(text, allowed[utterance]) for text in texts), len(set(texts))) for utterance, texts in zip(asked, replies, strict=True)]
        yield Drawn(temperature, top_p, fmean(right for right, _ in marks), fmean(different for _, different in marks))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        print(f"temperature  top-p   right   different replies of {DRAWS}")
        for one in drawn(sys.argv[1]):
            print(f"{one.temperature:11g} {one.top_p:6g} {one.right:7.0%} {one.different:12.1f}")
    except ChatbotError as error:
        sys.exit(str(error))
