"""How long a reply and a piece of it take: one by one and batched, greedy and beam, beside the time the weights take to cross the memory bus.

    python benchmarks/answering.py multi30k-tok.de-en.test2016.tsv --network e    # sizes of the tutorials' network, weights at random
    python benchmarks/answering.py corpora/dialog.tsv --model small-talk

The first `--number` utterances of CORPUS are answered. With `--network e` a word is a piece and each reply is as long as the corpus's own: what
counts is the time of a step, and it depends on no training. `--plain` takes fp32 kernels in place of weights that stay in fp16.
"""

import itertools
import statistics
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import torch
from measuring import Report, bus_rate, parser
from torch import Tensor, nn

from chatbot import bundle as bundles
from chatbot.bot import Bot
from chatbot.corpus.pairs import read_pairs
from chatbot.networks.packed import packed
from chatbot.networks.protocol import Context, Network
from chatbot.networks.seq2seq import Seq2Seq
from chatbot.options import NetworkOptions
from chatbot.records import Decoding, Reply
from chatbot.vocabulary import EOS, SPECIAL

E = NetworkOptions(layers=2, hidden=512, embedding=256, attention="none", bidirectional=False, tied=False)
PIECES = 5893  # the words that the tutorials' network can say


class Words:
    """A vocabulary of numbered words, made of any text: enough to be as long as it."""

    def hear(self, text: str) -> list[int]:
        """An id for each word."""
        return [len(SPECIAL) + zlib.crc32(word.encode()) % (PIECES - len(SPECIAL)) for word in text.split()]

    encode = hear

    def visible(self) -> list[bool]:
        """Every word shows."""
        return [True] * PIECES

    def stream(self, ids: Iterable[int]) -> Iterator[str]:
        """The number of each word."""
        return (f"{number} " for number in ids)

    def decode(self, ids: Iterable[int]) -> str:
        """The numbers of all."""
        return "".join(self.stream(ids))


class Paced:
    """A network whose replies are as long as they are told to be: it wants the end-mark at its piece, and before never."""

    def __init__(self, network: Network, lengths: dict[tuple[int, ...], int]) -> None:
        self.network, self.lengths = network, lengths

    def encode(self, source: Tensor) -> Context:
        """Listens; the position counts up to 0, where the reply ends."""
        lengths = [self.lengths[tuple(number for number in row if number)] for row in source.tolist()]
        return self.network.encode(source)._replace(position=-torch.tensor(lengths))

    def decode(self, tokens: Tensor, context: Context) -> tuple[Tensor, Context]:
        """The network's logits, but for the end-mark's."""
        logits, after = self.network.decode(tokens, context)
        logits[:, -1, EOS] = torch.where(context.position == 0, 1e4, -1e4)
        return logits, after


def network_e(pairs: list[tuple[str, str]], *, plain: bool) -> tuple[Bot, nn.Module]:
    """A bot of the sizes of the tutorials' network."""
    torch.manual_seed(1)
    network = Seq2Seq(E, PIECES).half().float().eval()
    words = Words()
    lengths = {tuple(words.hear(utterance)): len(reply.split()) for utterance, reply in pairs}
    return Bot(Paced(network if plain else packed(network), lengths), words, reply_limit=1 + max(lengths.values())), network  # type: ignore[arg-type]


def crossing(network: nn.Module) -> float:
    """Milliseconds in which the weights of one decoder step cross the memory bus, as fp32."""
    parts = [part for name, part in network.named_children() if name in ("decoder", "attention", "speak", "recurrence")]
    return sum(weight.numel() for part in parts for weight in part.parameters()) * 4 / bus_rate() / 1e6


def main() -> None:
    """Measures what the command line asks for."""
    options = parser(__doc__)
    options.add_argument("corpus", type=Path, help="TSV: utterances to answer, and replies to be as long as")
    options.add_argument("--network", choices=["e"], help="the tutorials' network at random weights")
    options.add_argument("--model", default="small-talk", help="a bundle, where no network is named")
    options.add_argument("--number", type=int, default=100, help="how many utterances")
    options.add_argument("--times", type=int, default=3, help="how often all are answered; medians count")
    options.add_argument("--width", type=int, default=5, help="of the beam")
    options.add_argument("--batch", type=int, default=64, help="utterances answered at once")
    options.add_argument("--plain", action="store_true", help="fp32 kernels")
    chosen = options.parse_args()
    report = Report(
        f"answering: {chosen.network or chosen.model}, {chosen.number} of {chosen.corpus.name}", threads=chosen.threads, seed=1 if chosen.network else None
    )
    pairs = [(pair.utterance, pair.reply) for pair in itertools.islice(read_pairs(chosen.corpus), chosen.number)]
    usual = Decoding()
    if chosen.network:
        bot, network = network_e(pairs, plain=chosen.plain)
    else:
        bundle = bundles.load(bundles.find(chosen.model))
        network, usual = bundle.listener, Decoding(known_replies=bundle.details.known_replies)
        bot = replace(Bot.of(bundle), network=network) if chosen.plain else Bot.of(bundle)
    bus = [crossing(network) for _ in range(3)]
    report.add("the weights of a step cross the memory bus, fp32", "ms", bus)
    utterances = sorted((utterance for utterance, _ in pairs), key=lambda text: len(bot.vocabulary.hear(text)))
    for decoding in (usual, replace(usual, strategy="beam", width=chosen.width)):
        rounds: list[list[Reply]] = [[bot.reply(utterance, decoding) for utterance in utterances] for _ in range(chosen.times + 1)][1:]
        alone = [[reply.milliseconds for reply in replies] for replies in rounds]
        pieces = [reply.milliseconds / reply.pieces for replies in rounds for reply in replies]
        report.add(f"{decoding}, one by one: all", "s", [sum(times) / 1000 for times in alone])
        report.add(f"{decoding}, one by one: a reply", "ms", [one for times in alone for one in times])
        piece = statistics.median(pieces) / statistics.median(bus)
        report.add(f"{decoding}, one by one: a piece, the listening shared out", "ms", pieces, crossings=piece)
        together = []
        for _ in range(chosen.times + 1):
            parts = [bot.replies(utterances[start : start + chosen.batch], decoding) for start in range(0, len(utterances), chosen.batch)]
            together.append(sum(reply.milliseconds for part in parts for reply in part) / 1000)
        report.add(f"{decoding}, batches of {chosen.batch}: all", "s", together[1:], pieces=sum(reply.pieces for part in parts for reply in part))
    report.write(chosen.json)


if __name__ == "__main__":
    main()
