"""An FAQ of 40 questions on top of a bot that can talk: is it right about ways to ask that it has not heard, does it invent anything, and can it still talk?

    python benchmarks/faq.py RUN [--model small-talk] [--threads N] [--json FILE]

benchmarks/faq/shop has ten ways to ask each question, of which training holds some out; benchmarks/faq/paraphrases.tsv has ten others, which it never sees. RUN is where the corpus and the bundle
go, and stay; a bundle that is there already is not trained again. Beside it the nearest neighbour and the linear classifier of `chatbot evaluate --neighbour`.
"""

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from measuring import Report, parser

from chatbot import bundle as bundles
from chatbot.bot import Bot
from chatbot.corpus.pairs import Pair, read_pairs
from chatbot.corpus.split import split_pairs
from chatbot.evaluation.baselines import baselines
from chatbot.evaluation.metrics import allowed_replies, is_right
from chatbot.records import Decoding
from chatbot.shipped import shipped

DATA = Path(__file__).parent / "faq"
TALK = shipped("corpora") / "dialog.tsv"


def main() -> None:
    """Trains what is not trained yet, asks, and prints a table."""
    options = parser(__doc__)
    options.add_argument("run", type=Path, metavar="RUN")
    options.add_argument("--model", default="small-talk", metavar="NAME", help="what it goes on from (default %(default)s)")
    given = options.parse_args()
    corpus, folder = given.run / "shop.tsv", given.run / "shop"
    report = Report(f"An FAQ of 40 questions on top of {given.model}", threads=given.threads, seed=1)
    given.run.mkdir(parents=True, exist_ok=True)
    type_("corpus", "expand", str(DATA / "shop"), "--out", str(corpus))
    if not (folder / "bundle.json").exists():
        began = time.perf_counter()
        threads = ("--threads", str(given.threads)) if given.threads else ()
        known = ("--mix", str(TALK), "--no-interrupter", "--known-replies", "--fresh", "--plain")
        type_("train", str(corpus), "--out", str(folder), "--start-from", given.model, *known, *threads)
        report.add("training, from the command to its end", "s", [time.perf_counter() - began])
    bot, own, talk = Bot.of(bundles.load(folder)), list(read_pairs(corpus)), list(read_pairs(TALK))
    replies = {pair.reply for pair in (*own, *talk)}
    unheard = list(read_pairs(DATA / "paraphrases.tsv"))
    taught = split_pairs(own).train  # as `chatbot train` does it
    asked = {
        "ways to ask that were trained on": taught,
        "ways to ask in the corpus": own,
        "other ways to ask": unheard,
        "small talk that was held out": split_pairs(talk).test,
    }
    for what, pairs in asked.items():
        allowed = allowed_replies(talk if what.startswith("small talk") else [*own, *unheard])
        said = [reply.text for reply in bot.replies([pair.utterance for pair in pairs], Decoding(known_replies=True))]
        report.add(f"{what}: right", "%", [right(said, pairs, allowed)], asked=len(pairs), invented=sum(reply not in replies for reply in said))
    for name, said in baselines(taught, unheard):
        report.add(f"other ways to ask: right, {name}", "%", [right(said, unheard, allowed_replies([*own, *unheard]))], asked=len(unheard))
    report.write(given.json)


def right(said: Sequence[str], pairs: Sequence[Pair], allowed: Mapping[str, Sequence[str]]) -> float:
    """How many of a hundred replies are allowed."""
    return 100 * sum(is_right(reply, allowed[pair.name]) for reply, pair in zip(said, pairs, strict=True)) / len(pairs)


def type_(*command: str) -> None:
    """What a person would type."""
    subprocess.run([sys.executable, "-m", "chatbot", *command], check=True)


if __name__ == "__main__":
    main()
