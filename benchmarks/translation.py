"""Multi30k with one recipe, German to English and English to German, by the commands that a person would type.

    python benchmarks/translation.py FOLDER/multi30k --runs RUNS [--seeds 1,2,3] [--directions de-en,en-de] [--json FILE]

FOLDER/multi30k.de-en.train.tsv, .valid.tsv and .test2016.tsv hold raw pairs, German first. Each run is `chatbot train` with the options of RECIPE into a folder of
RUNS, where it goes on if it was interrupted; a run that has ended is not trained again. BLEU is sacreBLEU on raw text, cased and 13a unless said; chrF is chrF2.
With --tokenised, for FOLDER/multi30k-tok, whose words are lower-cased and parted by blanks, BLEU takes them as they are, as papers of the field do.
What is there of the results is written after each run.
"""

import argparse
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from measuring import Report, parser
from sacrebleu.metrics import BLEU, CHRF

from chatbot import bundle as bundles
from chatbot.bot import Bot
from chatbot.corpus.pairs import read_pairs
from chatbot.networks.token_by_token import parameters
from chatbot.records import Decoding

RECIPE = (
    "--layers 2 --hidden 384 --embedding 384 --attention dot --dropout 0.3 --label-smoothing 0.1 --vocab-size 6000 "
    "--epochs 10 --batch-tokens 2048 --learning-rate 0.002 --plan 0 --no-interrupter --device cpu --plain"
)
RAW = {"BLEU": BLEU(), "BLEU lower-cased": BLEU(lowercase=True), "chrF": CHRF()}
OF_WORDS = {"BLEU, tokenised": BLEU(tokenize="none", force=True), "chrF": CHRF()}
DECODINGS = {"greedy": Decoding(), "beam 5": Decoding(strategy="beam", width=5)}


def main() -> None:
    """Trains what is not trained yet, scores all, and prints a table."""
    options = parser(__doc__)
    options.add_argument("data", metavar="FOLDER/multi30k", help="what the names of the files begin with")
    options.add_argument("--runs", type=Path, required=True, metavar="RUNS", help="where the bundles are")
    options.add_argument("--seeds", default="1,2,3", metavar="N,…")
    options.add_argument("--directions", default="de-en,en-de", metavar="D,…")
    options.add_argument("--tokenised", action="store_true", help="the words of the files are parted already: BLEU takes them as they are")
    given = options.parse_args()
    report = Report(f"Multi30k, chatbot train {RECIPE}", threads=given.threads)
    found: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    for direction in given.directions.split(","):
        for seed in given.seeds.split(","):
            for (decoding, metric), score in run(report, given, direction, seed).items():
                found[direction, decoding, metric].append(score)
            report.write(given.json)
    for (direction, decoding, metric), scores in found.items():
        if len(scores) > 1:
            facts = {"seeds": len(scores), "deviation": round(statistics.stdev(scores), 2)}
            report.add(f"{direction}, {decoding}: mean of the seeds", metric, [statistics.mean(scores)], **facts)
    report.write(given.json)


def run(report: Report, given: argparse.Namespace, direction: str, seed: str) -> dict[tuple[str, str], float]:
    """The scores of one run by (decoding, metric)."""
    folder = given.runs / f"{direction}-{seed}"
    corpora = {part: oriented(Path(f"{given.data}.de-en.{part}.tsv"), given.runs, direction) for part in ("train", "valid", "test2016")}
    began = time.perf_counter()
    if not (folder / "bundle.json").exists() or (folder / "resume").exists():
        command = ["train", str(corpora["train"]), "--valid", str(corpora["valid"]), "--out", str(folder), "--seed", seed, *RECIPE.split()]
        subprocess.run([sys.executable, "-m", "chatbot", *command, *(("--threads", str(given.threads)) if given.threads else ())], check=True)
    seconds = time.perf_counter() - began
    bundle, test = bundles.load(folder), list(read_pairs(corpora["test2016"]))
    facts: dict[str, Any] = {"seed": int(seed), "weights": parameters(bundle.listener), "seconds_of_this_call": round(seconds)}
    scores = {}
    for name, decoding in DECODINGS.items():
        replies = [reply.text for reply in Bot.of(bundle).replies([pair.utterance for pair in test], decoding)]
        for metric, scorer in (OF_WORDS if given.tokenised else RAW).items():
            scores[name, metric] = scorer.corpus_score(replies, [[pair.reply for pair in test]]).score
            report.add(f"{direction}, {name}", metric, [scores[name, metric]], **facts, signature=str(scorer.get_signature()))
    return scores


def oriented(path: Path, folder: Path, direction: str) -> Path:
    """The file of German-English pairs, or one with its sides exchanged."""
    if direction == "de-en":
        return path
    turned = folder / path.name.replace("de-en", direction)
    folder.mkdir(parents=True, exist_ok=True)
    turned.write_text("".join(f"{pair.reply}\t{pair.utterance}\n" for pair in read_pairs(path)), "utf-8")
    return turned


if __name__ == "__main__":
    main()
