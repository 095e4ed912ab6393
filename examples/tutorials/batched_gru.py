"""Many pairs at a time: GRUs of several layers, dropout between them, and a coin that decides whether a step is told the truth.

    python examples/tutorials/batched_gru.py [PAIRS.tsv] [--epochs N]

Rows of a batch end at different words: what lies behind a row's end is neither heard nor learnt nor counted, and the decoder stops when every
row has said its end. A word that the pairs have only once is unknown.

In the comments: B rows, S source words, T target words, V target vocabulary, H hidden, which is the width of an embedding too, L layers.
"""

import argparse
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
EPOCHS, BATCH, TEACHER_FORCING, LIMIT = 30, 64, 0.5, 20  # LIMIT: words of a reply


class BatchedGRU(nn.Module):
    """Encoder and decoder, several GRU layers each. It satisfies `chatbot.networks.protocol.Network`."""

    def __init__(self, heard: int, said: int, *, hidden: int = 128, layers: int = 2, dropout: float = 0.2) -> None:
        super().__init__()
        self.heard = nn.Embedding(heard, hidden)
        self.encoder = nn.GRU(hidden, hidden, layers, dropout=dropout, batch_first=True)
        self.said = nn.Embedding(said, hidden)
        self.decoder = nn.GRU(hidden, hidden, layers, dropout=dropout, batch_first=True)
        self.speak = nn.Linear(hidden, said)
        self.dropout = nn.Dropout(dropout)

    def encode(self, source: Tensor) -> Context:
        """Hears `source` (B, S), padded on the right: the state is that after each row's own last word."""
        lengths = (source != PAD).sum(1)  # (B,)
        inputs = self.dropout(self.heard(source))  # (B, S, H), and of these no padding is heard:
        _, state = self.encoder(nn.utils.rnn.pack_padded_sequence(inputs, lengths, batch_first=True, enforce_sorted=False))  # (L, B, H)
        return Context((state,), None, torch.zeros_like(lengths))

    def decode(self, tokens: Tensor, context: Context) -> tuple[Tensor, Context]:
        """Logits (B, T, V) of the word after each of `tokens` (B, T), and the context after the last."""
        outputs, state = self.decoder(self.dropout(self.said(tokens)), context.state[0].contiguous())  # (B, T, H)
        return self.speak(outputs), Context((state,), None, context.position + tokens.shape[1])


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


def logits_step_by_step(network: BatchedGRU, source: Tensor, target: Tensor, *, teacher_forcing: float) -> Tensor:
    """Logits (B, T - 1, V) of each word of `target` (B, T) but its first, a word at a time.

    After each step a coin decides what the decoder hears next: the true word, with probability `teacher_forcing`, or its own best guess.
    """
    context, token, steps = network.encode(source), target[:, :1], []
    for place in range(1, target.shape[1]):
        logits, context = network.decode(token, context)  # (B, 1, V)
        steps.append(logits)
        token = target[:, place : place + 1] if random.random() < teacher_forcing else logits.argmax(-1)
    return torch.cat(steps, 1)


@torch.inference_mode()
def answer(network: BatchedGRU, source: Tensor) -> tuple[Tensor, Tensor]:
    """What the network says to each row of `source` (B, S): its words (B, T), and how many of them are its reply, the end-mark included: (B,).

    It stops when all rows have ended. A row that has ended goes on speaking until then, and none of that counts.
    """
    network.eval()
    context, token, said = network.encode(source), torch.full((len(source), 1), BOS), []
    speaks, lengths = torch.ones(len(source), dtype=torch.bool), torch.zeros(len(source), dtype=torch.long)
    while speaks.any() and len(said) < LIMIT:
        logits, context = network.decode(token, context)  # (B, 1, V)
        token = logits.argmax(-1)  # (B, 1)
        said.append(token)
        lengths += speaks
        speaks = speaks & (token[:, 0] != EOS)
    return torch.cat(said, 1), lengths


def right(network: BatchedGRU, batches: list[tuple[Tensor, Tensor]]) -> float:
    """The share of replies that are those of `batches` to the last word; where a word is unknown, none is."""
    return statistics.mean(
        UNK not in true and words[:length].tolist() == true[true != PAD][1:].tolist()
        for source, target in batches
        for words, length, true in zip(*answer(network, source), target, strict=True)
    )


def learn(network: BatchedGRU, optimiser: torch.optim.Optimizer, source: Tensor, target: Tensor) -> float:
    """One step: guess, compare, and move each weight a little. Returns the loss."""
    network.train()
    logits = logits_step_by_step(network, source, target, teacher_forcing=TEACHER_FORCING)  # (B, T - 1, V); softmax is part of the loss
    loss = functional.cross_entropy(logits.flatten(0, 1), target[:, 1:].flatten(), ignore_index=PAD)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()


def train(pairs: list[Pair], asked: list[Pair], *, epochs: int = EPOCHS) -> Bot:
    """Learns from all pairs, `epochs` times, and prints after each what it came to."""
    torch.manual_seed(1)
    random.seed(1)
    words = TwoLanguages(pairs)
    network = BatchedGRU(len(words.heard.words), len(words.said.words))
    optimiser = torch.optim.Adam(network.parameters())
    batches, held_out = batches_of(pairs, words), batches_of(asked, words)
    for epoch in range(1, epochs + 1):
        loss = statistics.mean(learn(network, optimiser, *batch) for batch in random.sample(batches, len(batches)))
        print(f"epoch {epoch}: loss {loss:.3f}, held out: {right(network, held_out):.1%} right", flush=True)
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
    arguments = argparse.ArgumentParser(description="Train GRUs of several layers on batches.")
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
