"""The utterance backwards, and what an LSTM holds after it as the one context vector: two vectors, to be exact, h and c.

    python examples/tutorials/reversed_lstm.py [PAIRS.tsv] [--gru] [--steps N]

Heard backwards, the first words are the freshest when the reply begins, and in a language of like order they are what it begins with
(Sutskever, Vinyals & Le 2014). With `--gru` it is the variant of the same tutorials: a GRU, which holds one vector, and a ReLU after the decoder's
embedding. A word that the pairs have only once is unknown.

In the comments: B rows, S source words, T target words, V target vocabulary, H hidden, which is the width of an embedding too.
"""

import argparse
import math
import random
import re
import statistics
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from chatbot.bot import Bot
from chatbot.corpus.pairs import Pair, read_pairs
from chatbot.errors import ChatbotError
from chatbot.networks.protocol import Context
from chatbot.safe_text import safe_line
from chatbot.vocabulary import BOS, EOS, PAD, SPECIAL, UNK

PAIRS = Path(__file__).parents[2] / "corpora" / "en-ko.tsv"
LIMIT = 20  # words of a reply
STEPS, TEACHER_FORCING, LEARNING_RATE, PRINT_EVERY = 10_000, 0.5, 0.01, 1000


class Reversed(nn.Module):
    """Encoder and decoder, one layer each, an LSTM or, with `gru`, a GRU. It satisfies `chatbot.networks.protocol.Network`."""

    def __init__(self, heard: int, said: int, *, gru: bool = False, hidden: int = 128) -> None:
        super().__init__()
        recurrence = nn.GRU if gru else nn.LSTM
        self.gru = gru
        self.heard = nn.Embedding(heard, hidden)
        self.encoder = recurrence(hidden, hidden, batch_first=True)
        self.said = nn.Sequential(nn.Embedding(said, hidden), nn.ReLU()) if gru else nn.Embedding(said, hidden)
        self.decoder = recurrence(hidden, hidden, batch_first=True)
        self.speak = nn.Linear(hidden, said)

    def encode(self, source: Tensor) -> Context:
        """Hears `source` (B, S), padded on the right, from its last word to its first."""
        lengths = (source != PAD).sum(1)  # (B,)
        back = (lengths[:, None] - 1 - torch.arange(source.shape[1])).clamp(min=0)  # (B, S) the padding stays behind the words
        inputs = self.heard(source.gather(1, back))  # (B, S, H)
        packed = nn.utils.rnn.pack_padded_sequence(inputs, lengths, batch_first=True, enforce_sorted=False)  # padding is never heard
        _, state = self.encoder(packed)  # h, or h and c: (1, B, H) each
        return Context((state,) if self.gru else state, None, torch.zeros_like(lengths))

    def decode(self, tokens: Tensor, context: Context) -> tuple[Tensor, Context]:
        """Logits (B, T, V) of the word after each of `tokens` (B, T), and the context after the last."""
        before = tuple(part.contiguous() for part in context.state)
        outputs, state = self.decoder(self.said(tokens), before[0] if self.gru else before)  # (B, T, H)
        return self.speak(outputs), Context((state,) if self.gru else state, None, context.position + tokens.shape[1])


def words_in(text: str) -> list[str]:
    """The words and marks of `text`, in small letters."""
    return re.findall(r"[\w'-]+|[^\w\s]", text.lower())


class Words:
    """A number for each word that `texts` hold at least twice; and back. What stands for no word, such as the end of a reply, is ""."""

    def __init__(self, texts: Iterable[str]) -> None:
        counts = Counter(word for text in texts for word in words_in(text))
        self.words = [""] * len(SPECIAL) + [word for word, times in counts.most_common() if times > 1]
        self.ids = {word: number for number, word in enumerate(self.words) if word}

    def encode(self, text: str) -> list[int]:
        """The numbers of the words of `text`."""
        return [self.ids.get(word, UNK) for word in words_in(text)]


class TwoLanguages:
    """What a `Bot` asks of a vocabulary, where what is heard and what is said have words of their own."""

    def __init__(self, pairs: list[Pair]) -> None:
        self.heard, self.said = Words(pair.utterance for pair in pairs), Words(pair.reply for pair in pairs)
        self.encode = self.said.encode

    def hear(self, text: str) -> list[int]:
        """The numbers of the words of an utterance, between the marks of beginning and end."""
        return [BOS, *self.heard.encode(text), EOS]

    def visible(self) -> list[bool]:
        """For each number that can be said, whether it shows something."""
        return [bool(word) for word in self.said.words]

    def stream(self, ids: Iterable[int]) -> Iterator[str]:
        """Yields for each number the text that it adds: a blank stands before a word, but not before a mark."""
        for place, number in enumerate(ids):
            word = self.said.words[number]
            yield f" {word}" if place and word not in ".,?!" else word

    def decode(self, ids: Iterable[int]) -> str:
        """The text of `ids`."""
        return "".join(self.stream(ids))


def tensorize(words: TwoLanguages, pair: Pair) -> tuple[Tensor, Tensor]:
    """Source (1, S) and target (1, T) of one pair."""
    return torch.tensor([words.hear(pair.utterance)]), torch.tensor([[BOS, *words.encode(pair.reply), EOS]])


def loss_of(network: Reversed, source: Tensor, target: Tensor, *, told: bool = True) -> Tensor:
    """The sum of -log p over the words of `target` (1, T) but its first. Each step hears the true word before, or, if not `told`, its own best guess."""
    context, tokens = network.encode(source), target[:, :-1]  # (1, T - 1)
    if told:
        return functional.cross_entropy(network.decode(tokens, context)[0][0], target[0, 1:], reduction="sum")
    loss, token = torch.zeros(()), tokens[:, :1]
    for true in target[0, 1:].split(1):
        logits, context = network.decode(token, context)  # (1, 1, V)
        loss = loss + functional.cross_entropy(logits[0], true)
        token = logits.argmax(-1)
    return loss


@torch.inference_mode()
def perplexity(network: Reversed, pairs: list[tuple[Tensor, Tensor]]) -> float:
    """exp of the mean of -log p over all words."""
    return math.exp(sum(float(loss_of(network, *pair)) for pair in pairs) / sum(target.shape[1] - 1 for _, target in pairs))


def train(pairs: list[Pair], asked: list[Pair], *, steps: int = STEPS, gru: bool = False) -> Bot:
    """Learns from one pair a step, drawn by chance. Prints the mean loss a word of each thousand steps, and the perplexity of `asked` at the end."""
    torch.manual_seed(1)
    random.seed(1)
    words = TwoLanguages(pairs)
    network = Reversed(len(words.heard.words), len(words.said.words), gru=gru)
    optimiser = torch.optim.SGD(network.parameters(), lr=LEARNING_RATE)
    losses = []
    for step in range(1, steps + 1):
        source, target = tensorize(words, random.choice(pairs))
        loss = loss_of(network, source, target, told=random.random() < TEACHER_FORCING)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item() / (target.shape[1] - 1))
        if step % PRINT_EVERY == 0:
            print(f"step {step:,}: loss {statistics.mean(losses[-PRINT_EVERY:]):.3f}", flush=True)
    print(f"perplexity of what was held out: {perplexity(network.eval(), [tensorize(words, pair) for pair in asked]):.1f}")
    return Bot(network, words, reply_limit=LIMIT)  # type: ignore[arg-type]


def hold_out(pairs: list[Pair]) -> tuple[list[Pair], list[Pair]]:
    """The pairs to learn from, and about a tenth to be asked: what is asked is never learnt, with no reply."""
    pairs = random.Random(1).sample(pairs, len(pairs))
    asked = {pair.utterance for pair in pairs[: (len(pairs) + 9) // 10]}
    return [pair for pair in pairs if pair.utterance not in asked], [pair for pair in pairs if pair.utterance in asked]


def main() -> None:
    """Trains on a file of pairs and answers three utterances that were held out."""
    arguments = argparse.ArgumentParser(description="Train a network that hears the utterance backwards.")
    arguments.add_argument("pairs", type=Path, nargs="?", default=PAIRS, metavar="PAIRS.tsv")
    arguments.add_argument("--steps", type=int, default=STEPS, metavar="N")
    arguments.add_argument("--gru", action="store_true", help="a GRU, and a ReLU after the embedding of what is said")
    chosen = arguments.parse_args()
    try:
        learnt, asked = hold_out(list(read_pairs(chosen.pairs)))
    except ChatbotError as error:
        arguments.error(str(error))
    bot = train(learnt, asked, steps=chosen.steps, gru=chosen.gru)
    for pair in asked[:3]:
        reply = bot.reply(pair.utterance).text
        print(f"\n  heard   {safe_line(pair.utterance)}\n  said    {safe_line(reply)}\n  should  {safe_line(pair.reply)}")


if __name__ == "__main__":
    main()
