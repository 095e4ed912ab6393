"""What a bundle is worth, as `chatbot evaluate --json` tells it, with the machine and the versions beside it.

    python benchmarks/scores.py corpora/dialog.tsv --model small-talk --json benchmarks/results/small-talk.json

The tables of scores in the pages are filled from such files: docs/fill_in.py.
"""

import json
import subprocess
import sys

from measuring import Report, parser

from chatbot import bundle as bundles


def main() -> None:
    """Scores the bundle that the command line names."""
    options = parser(__doc__)
    options.add_argument("corpus", metavar="CORPUS.tsv")
    options.add_argument("--model", required=True)
    chosen = options.parse_args()
    training = bundles.read_json(bundles.find(chosen.model))["training"]
    report = Report(f"chatbot evaluate {chosen.corpus} --model {chosen.model}", threads=1, seed=training["seed"])
    command = [sys.executable, "-m", "chatbot", "evaluate", chosen.corpus, "--model", chosen.model, "--json"]
    scores = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    for name, found in scores["networks"].items():
        report.add(f"{name}: right, of {found['utterances']}", "%", [100 * found["right"]])
    report.write(chosen.json, scores=scores)


if __name__ == "__main__":
    main()
