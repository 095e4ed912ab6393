"""A sequence learns to answer a sequence (Sutskever, Vinyals & Le 2014), in one file, as the tutorials build it.

    python examples/tutorials/sutskever.py TRAIN.tsv VALID.tsv [--epochs N]

One LSTM hears the whole utterance, last word first, and keeps nothing of it but its state. A second LSTM starts from that state and says the
reply, a word at a time. Each line of a file is an utterance, a tab and a reply; words are what stands between blanks. A word that the training
file has only once is unknown.

In the comments: B rows, S source words, T target words, V target vocabulary, E embedding, H hidden, L layers.
"""

import argparse
import copy
import math
import random
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from chatbot.batches import pad
from chatbot.bot import Bot
from chatbot.networks.protocol import Context
from chatbot.vocabulary import BOS, EOS, PAD, SPECIAL, UNK

BATCH = 128
CLIP = 1.0  # the norm of all gradients together
TEACHER_FORCING = 0.5
LIMIT = 50  # words of a reply


class Sutskever(nn.Module):
    """Encoder and decoder, two LSTM layers each, with nothing between them but the state. It satisfies `chatbot.networks.protocol.Network`."""

    def __init__(self, heard: int, said: int, *, embedding: int = 256, hidden: int = 512, layers: int = 2, dropout: float = 0.5) -> None:
        super().__init__()
        self.heard = nn.Embedding(heard, embedding)
        self.encoder = nn.LSTM(embedding, hidden, layers, dropout=dropout, batch_first=True)
        self.said = nn.Embedding(said, embedding)
        self.decoder = nn.LSTM(embedding, hidden, layers, dropout=dropout, batch_first=True)
        self.speak = nn.Linear(hidden, said)
        self.dropout = nn.Dropout(dropout)
        for weight in self.parameters():
            nn.init.uniform_(weight, -0.08, 0.08)

    def encode(self, source: Tensor) -> Context:
        """Hears `source` (B, S), padded on the right, from its last word to its first: so the first words are the freshest when the reply begins."""
        lengths = (source != PAD).sum(1)  # (B,)
        place = torch.arange(source.shape[1], device=source.device)  # (S,)
        back = (lengths[:, None] - 1 - place).clamp(min=0)  # (B, S) the padding stays behind the words
        inputs = self.dropout(self.heard(source.gather(1, back)))  # (B, S, E)
        packed = nn.utils.rnn.pack_padded_sequence(inputs, lengths.cpu(), batch_first=True, enforce_sorted=False)  # padding is never heard
        _, state = self.encoder(packed)  # twice (L, B, H): what the cells hold and what they show
        return Context(state, None, torch.zeros_like(lengths))

    def decode(self, tokens: Tensor, context: Context) -> tuple[Tensor, Context]:
        """Logits (B, T, V) of the word after each of `tokens` (B, T), and the context after the last."""
        hidden, cell = context.state
        outputs, state = self.decoder(self.dropout(self.said(tokens)), (hidden.contiguous(), cell.contiguous()))  # (B, T, H)
        return self.speak(outputs), Context(state, None, context.position + tokens.shape[1])


class Words:
    """A word for each id and an id for each word, of the words that `texts` hold at least twice."""

    def __init__(self, texts: Iterable[str]) -> None:
        counts = Counter(word for text in texts for word in text.split())
        self.words = ["<pad>", "<bos>", "<eos>", "<unk>", "<sep>"] + [word for word, times in counts.most_common() if times > 1]
        self.ids = {word: number for number, word in enumerate(self.words) if number not in SPECIAL}

    def __len__(self) -> int:
        return len(self.words)

    def encode(self, text: str) -> list[int]:
        """The ids of the words of `text`, between the marks of beginning and end."""
        return [BOS, *(self.ids.get(word, UNK) for word in text.split()), EOS]


class TwoLanguages:
    """What a `Bot` asks of a vocabulary, where what is heard and what is said have words of their own."""

    def __init__(self, heard: Words, said: Words) -> None:
        self.heard, self.said = heard, said
        self.hear = heard.encode

    def visible(self) -> list[bool]:
        """For each id that can be said, whether it shows something."""
        return [number not in SPECIAL for number in range(len(self.said))]

    def stream(self, ids: Iterable[int]) -> Iterator[str]:
        """Yields for each id the text that it adds."""
        for place, number in enumerate(ids):
            yield " " * bool(place) + self.said.words[number]

    def decode(self, ids: Iterable[int]) -> str:
        """The text of `ids`."""
        return "".join(self.stream(ids))


def logits_step_by_step(network: Sutskever, source: Tensor, target: Tensor, *, teacher_forcing: float) -> Tensor:
    """Logits (B, T - 1, V) of each word of `target` (B, T) but its first, a word at a time.

    After each step a coin decides what the decoder hears next: the true word, with probability `teacher_forcing`, or its own best guess.
    """
    rows, words = target.shape
    context = network.encode(source)
    token = target[:, :1]  # (B, 1) the mark of the beginning
    outputs = torch.zeros(rows, words - 1, network.speak.out_features)  # (B, T - 1, V) filled as the words come
    for place in range(1, words):
        logits, context = network.decode(token, context)  # (B, 1, V)
        outputs[:, place - 1] = logits[:, 0]
        token = target[:, place : place + 1] if random.random() < teacher_forcing else logits.argmax(-1)
    return outputs


def cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    """The mean of -log p over the words of `target` (B, T) but its first; padding is left out."""
    return functional.cross_entropy(logits.flatten(0, 1), target[:, 1:].flatten(), ignore_index=PAD)


def learn(network: Sutskever, optimiser: torch.optim.Optimizer, source: Tensor, target: Tensor) -> float:
    """One step: guess, compare, and move each weight a little. Returns the loss."""
    network.train()
    loss = cross_entropy(logits_step_by_step(network, source, target, teacher_forcing=TEACHER_FORCING), target)
    optimiser.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(network.parameters(), CLIP)
    optimiser.step()
    return loss.item()


@torch.inference_mode()
def loss_of(network: Sutskever, batches: Iterable[tuple[Tensor, Tensor]]) -> float:
    """The mean of -log p a word, every step being told the true words before: its exponential is the perplexity."""
    network.eval()
    total, words = 0.0, 0
    for source, target in batches:
        count = int((target[:, 1:] != PAD).sum())
        total += float(cross_entropy(network.decode(target[:, :-1], network.encode(source))[0], target)) * count
        words += count
    return total / words


def read(path: Path) -> list[tuple[str, str]]:
    """The pairs of a file."""
    pairs = [line.split("\t") for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
    return [(utterance, reply) for utterance, reply in pairs]


def batches_of(pairs: list[tuple[str, str]], heard: Words, said: Words) -> list[tuple[Tensor, Tensor]]:
    """All pairs as (source, target), each (B, longest), with rows alike in length in one batch."""
    rows = sorted(((heard.encode(utterance), said.encode(reply)) for utterance, reply in pairs), key=lambda row: (len(row[0]), len(row[1])))
    chunks = [rows[first : first + BATCH] for first in range(0, len(rows), BATCH)]
    return [(pad(source for source, _ in chunk), pad(target for _, target in chunk)) for chunk in chunks]


def main() -> None:
    """Trains, keeps the weights that did best on the validation file, and answers the first utterances of that file."""
    arguments = argparse.ArgumentParser(description="Train a sequence-to-sequence network without attention.")
    arguments.add_argument("train", type=Path, metavar="TRAIN.tsv")
    arguments.add_argument("valid", type=Path, metavar="VALID.tsv")
    arguments.add_argument("--epochs", type=int, default=10, metavar="N")
    chosen = arguments.parse_args()
    random.seed(1)
    torch.manual_seed(1)
    train, valid = read(chosen.train), read(chosen.valid)
    heard, said = Words(utterance for utterance, _ in train), Words(reply for _, reply in train)
    network = Sutskever(len(heard), len(said))
    optimiser = torch.optim.Adam(network.parameters())
    print(f"{len(heard):,} words to hear, {len(said):,} to say, {sum(weight.numel() for weight in network.parameters()):,} weights")

    batches, held_out = batches_of(train, heard, said), batches_of(valid, heard, said)
    lowest, best = math.inf, network
    for epoch in range(1, chosen.epochs + 1):
        began = time.perf_counter()
        random.shuffle(batches)
        loss = sum(learn(network, optimiser, source, target) for source, target in batches) / len(batches)
        valid_loss = loss_of(network, held_out)
        if valid_loss < lowest:
            lowest, best = valid_loss, copy.deepcopy(network)
        seconds = time.perf_counter() - began
        print(f"epoch {epoch}: {seconds:.0f} s, training loss {loss:.3f}, validation perplexity {math.exp(valid_loss):.2f}", flush=True)

    bot = Bot(best.eval(), TwoLanguages(heard, said), reply_limit=LIMIT)  # type: ignore[arg-type]
    for utterance, reply in valid[:3]:
        print(f"\n  heard   {utterance}\n  said    {bot.reply(utterance).text}\n  should  {reply}")


if __name__ == "__main__":
    main()
