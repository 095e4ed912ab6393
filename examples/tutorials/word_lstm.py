"""Word by word from one language to another: an LSTM hears, hands over its two states, and a second one goes from mark to mark.

    python examples/tutorials/word_lstm.py [PAIRS.tsv] [--epochs N]

The tutorials take 30,000 short pairs of English and French. In training the decoder is told the true words before each, so all its steps are
one call; in use it hears what it has just said, from the mark of the beginning to that of the end. A word that the pairs have only once is unknown.

In the comments: B rows, S source words, T target words, V target vocabulary, E embedding, H hidden.
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

from chatbot.batches import pad
from chatbot.bot import Bot
from chatbot.corpus.pairs import Pair, read_pairs
from chatbot.errors import ChatbotError
from chatbot.networks.protocol import Context
from chatbot.safe_text import safe_line
from chatbot.vocabulary import BOS, EOS, PAD, SPECIAL, UNK

PAIRS = Path(__file__).parents[2] / "corpora" / "en-ko.tsv"
EPOCHS, BATCH, LIMIT = 30, 64, 20  # LIMIT: words of a reply
CLIP = 1.0  # the norm of all gradients together


class WordLSTM(nn.Module):
    """Encoder and decoder, one LSTM layer each. It satisfies `chatbot.networks.protocol.Network`."""

    def __init__(self, heard: int, said: int, *, embedding: int = 64, hidden: int = 256, dropout: float = 0.2) -> None:
        super().__init__()
        self.heard = nn.Embedding(heard, embedding)
        self.encoder = nn.LSTM(embedding, hidden, batch_first=True)
        self.said = nn.Embedding(said, embedding)
        self.decoder = nn.LSTM(embedding, hidden, batch_first=True)
        self.speak = nn.Linear(hidden, said)
        self.dropout = nn.Dropout(dropout)

    def encode(self, source: Tensor) -> Context:
        """Hears `source` (B, S), padded on the right. What is handed over are both states after each row's last word; its outputs are forgotten."""
        lengths = (source != PAD).sum(1)  # (B,)
        inputs = self.dropout(self.heard(source))  # (B, S, E)
        packed = nn.utils.rnn.pack_padded_sequence(inputs, lengths, batch_first=True, enforce_sorted=False)  # padding is never heard
        _, states = self.encoder(packed)  # h and c: (1, B, H) each
        return Context(states, None, torch.zeros_like(lengths))

    def decode(self, tokens: Tensor, context: Context) -> tuple[Tensor, Context]:
        """Logits (B, T, V) of the word after each of `tokens` (B, T), and the context after the last."""
        inputs = self.dropout(self.said(tokens))  # (B, T, E)
        outputs, states = self.decoder(inputs, tuple(part.contiguous() for part in context.state))  # (B, T, H)
        return self.speak(self.dropout(outputs)), Context(states, None, context.position + tokens.shape[1])


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


def cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    """The mean of -log p over the words of `target` (B, T) but its first; padding is left out. It takes logits, since softmax is part of it."""
    return functional.cross_entropy(logits.flatten(0, 1), target[:, 1:].flatten(), ignore_index=PAD)


def learn(network: WordLSTM, optimiser: torch.optim.Optimizer, source: Tensor, target: Tensor) -> float:
    """One step: guess, compare, and move each weight a little. Returns the loss."""
    network.train()
    loss = cross_entropy(network.decode(target[:, :-1], network.encode(source))[0], target)
    optimiser.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(network.parameters(), CLIP)
    optimiser.step()
    return loss.item()


@torch.inference_mode()
def perplexity(network: WordLSTM, batches: list[tuple[Tensor, Tensor]]) -> float:
    """exp of the mean of -log p: every step hears the true words before, and each word counts the same."""
    network.eval()
    losses = [float(cross_entropy(network.decode(target[:, :-1], network.encode(source))[0], target)) for source, target in batches]
    words = [int((target[:, 1:] != PAD).sum()) for _, target in batches]
    return math.exp(statistics.fmean(losses, words))


def train(pairs: list[Pair], asked: list[Pair], *, epochs: int = EPOCHS) -> Bot:
    """Learns from all pairs, `epochs` times, and prints after each what it came to."""
    torch.manual_seed(1)
    random.seed(1)
    words = TwoLanguages(pairs)
    network = WordLSTM(len(words.heard.words), len(words.said.words))
    optimiser = torch.optim.Adam(network.parameters())
    batches, held_out = batches_of(pairs, words), batches_of(asked, words)
    for epoch in range(1, epochs + 1):
        loss = statistics.mean(learn(network, optimiser, *batch) for batch in random.sample(batches, len(batches)))
        print(f"epoch {epoch}: loss {loss:.3f}, held out: perplexity {perplexity(network, held_out):.1f}", flush=True)
    return Bot(network.eval(), words, reply_limit=LIMIT)  # type: ignore[arg-type]


def batches_of(pairs: list[Pair], words: TwoLanguages) -> list[tuple[Tensor, Tensor]]:
    """All pairs as source (B, S) and target (B, T), with rows alike in length in one batch."""
    rows = sorted(((words.hear(pair.utterance), [BOS, *words.encode(pair.reply), EOS]) for pair in pairs), key=lambda row: (len(row[0]), len(row[1])))
    chunks = [rows[first : first + BATCH] for first in range(0, len(rows), BATCH)]
    return [(pad(source for source, _ in chunk), pad(target for _, target in chunk)) for chunk in chunks]


def hold_out(pairs: list[Pair]) -> tuple[list[Pair], list[Pair]]:
    """The pairs to learn from, and about a tenth to be asked: what is asked is never learnt, with no reply."""
    pairs = random.Random(1).sample(pairs, len(pairs))
    asked = {pair.utterance for pair in pairs[: (len(pairs) + 9) // 10]}
    return [pair for pair in pairs if pair.utterance not in asked], [pair for pair in pairs if pair.utterance in asked]


def main() -> None:
    """Trains on a file of pairs and answers three utterances that were held out."""
    arguments = argparse.ArgumentParser(description="Train an LSTM to translate word by word.")
    arguments.add_argument("pairs", type=Path, nargs="?", default=PAIRS, metavar="PAIRS.tsv")
    arguments.add_argument("--epochs", type=int, default=EPOCHS, metavar="N")
    chosen = arguments.parse_args()
    try:
        learnt, asked = hold_out(list(read_pairs(chosen.pairs)))
    except ChatbotError as error:
        arguments.error(str(error))
    bot = train(learnt, asked, epochs=chosen.epochs)
    for pair in asked[:3]:
        reply = bot.reply(pair.utterance).text
        print(f"\n  heard   {safe_line(pair.utterance)}\n  said    {safe_line(reply)}\n  should  {safe_line(pair.reply)}")


if __name__ == "__main__":
    main()
