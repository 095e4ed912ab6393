"""How many lists are said again without a mistake, by their length.

python by_length.py models/none-64 models/additive-64
"""

import sys
from collections import defaultdict
from pathlib import Path
from statistics import fmean

from chatbot import Bot
from chatbot.corpus.pairs import read_pairs
from chatbot.errors import ChatbotError


def right_by_length(model: str) -> dict[int, float]:
    """For each number of words the share of the lists in lists/test.tsv that the bundle repeats word for word."""
    pairs = list(read_pairs(Path("lists/test.tsv")))
    marks = defaultdict(list)
    for pair, reply in zip(pairs, Bot.load(model).replies([pair.utterance for pair in pairs]), strict=True):
        marks[len(pair.utterance.split())].append(reply.text == pair.reply)
    return {length: fmean(marks[length]) for length in sorted(marks)}


if __name__ == "__main__":
    try:
        found = {model: right_by_length(model) for model in sys.argv[1:]} or sys.exit(__doc__)
    except ChatbotError as error:
        sys.exit(str(error))
    print("words", *(Path(model).name.rjust(14) for model in found))
    for length in next(iter(found.values())):
        print(f"{length:5}", *(f"{shares[length]:14.0%}" for shares in found.values()))
