"""What wrong lines of the tutorials cost: each is written back into examples/tutorials/additive_attention.py, which is then trained on the same pairs.

    python benchmarks/wrong_lines.py [PAIRS.tsv] [--threads N] [--json FILE]

"As it stands" is the file itself. Four mistakes are only of counting, so they are made with its replies. Figures are those of `chatbot evaluate`.
"""

import statistics
from functools import cache
from pathlib import Path
from types import ModuleType

import sacrebleu
from measuring import Report, parser, tutorial
from torch import Tensor

from chatbot.batches import pad
from chatbot.bot import Bot
from chatbot.corpus.pairs import Pair, read_pairs
from chatbot.evaluation.metrics import allowed_replies, evaluate
from chatbot.vocabulary import EOS

PAIRS = Path(__file__).parents[1] / "corpora" / "en-ko.tsv"


def nothing(module: ModuleType) -> None:
    """Leaves it as it stands."""


def softmax_before_the_loss(module: ModuleType) -> None:
    """The loss takes probabilities for logits."""
    loss = module.cross_entropy
    module.cross_entropy = lambda logits, target: loss(logits.softmax(-1), target)


def no_mask(module: ModuleType) -> None:
    """Padding is a word like others: it is heard, looked at and learnt."""
    module.PAD = -1


def main() -> None:
    """Trains and prints a table."""
    options = parser(__doc__)
    options.add_argument("pairs", type=Path, nargs="?", default=PAIRS, metavar="PAIRS.tsv", help="(default corpora/en-ko.tsv)")
    chosen = options.parse_args()
    report = Report(f"Wrong lines, additive_attention on {chosen.pairs.name}", threads=chosen.threads, seed=1)
    for name, spoil in {"as it stands": nothing, "softmax before the loss": softmax_before_the_loss, "no mask": no_mask}.items():
        module = tutorial("additive_attention")
        learnt, asked = module.hold_out(list(read_pairs(chosen.pairs)))
        spoil(module)
        bot = module.train(learnt, asked)
        scores = evaluate(bot, asked, allowed_replies(asked))
        facts = {"right": 100 * scores.right, "chrF": scores.chrf, "perplexity": scores.perplexity.per_piece, "with_neighbours": disturbed(bot, asked)}
        report.add(name, "BLEU", [scores.bleu], **facts, signatures=f"{scores.bleu_signature} {scores.chrf_signature}")
        if spoil is nothing:
            miscounted(report, bot, learnt, asked)
        report.write(chosen.json)


def miscounted(report: Report, bot: Bot, learnt: list[Pair], asked: list[Pair]) -> None:
    """What comes out when the same replies are counted wrongly."""
    replies = [bot.vocabulary.decode(reply.ids[:-1]) for reply in bot.replies([pair.utterance for pair in asked])]
    report.add("the last word cut", "BLEU", [sacrebleu.corpus_bleu(replies, [[pair.reply for pair in asked]]).score])
    said, lengths = answers(bot, asked)
    report.add("words of a reply, its end counted", "", [float(lengths.double().mean())], counted_to_the_end_of_the_batch=said.shape[1])
    true = [[*bot.vocabulary.encode(pair.reply), EOS] for pair in asked]
    known = [words[:length].tolist() == reply for words, length, reply in zip(said, lengths, true, strict=True)]
    report.add("right, the unknown word where the unknown word is due", "%", [100 * statistics.mean(known)])
    again = learnt[: len(asked)]
    report.add("right, of what was learnt", "%", [100 * evaluate(bot, again, allowed_replies(again)).right])


def disturbed(bot: Bot, asked: list[Pair]) -> float:
    """The share, in per cent, of replies that are others when all utterances are heard in one batch."""
    alone = [(said[0], length) for said, (length,) in (answers(bot, [pair]) for pair in asked)]
    together = zip(*answers(bot, asked), strict=True)
    return 100 * statistics.mean(said[:length].tolist() != one[:own].tolist() for (said, length), (one, own) in zip(together, alone, strict=True))


def answers(bot: Bot, asked: list[Pair]) -> tuple[Tensor, Tensor]:
    """What the network says to all of them in one batch (B, T), and how much of it is its reply (B,)."""
    return batched_gru().answer(bot.network, pad(bot.vocabulary.hear(pair.utterance) for pair in asked))


@cache
def batched_gru() -> ModuleType:
    """The file of which `answer` is."""
    return tutorial("batched_gru")


if __name__ == "__main__":
    main()
