"""A sequence learns to answer a sequence (Sutskever, Vinyals & Le 2014), in one file, as the tutorials build it.

    python examples/tutorials/sutskever.py TRAIN.tsv VALID.tsv [--epochs N] [--most HEARD SAID]

One LSTM hears the whole utterance, last word first, and keeps nothing of it but its state. A second LSTM starts from that state and says the
reply, a word at a time. Words are what stands between blanks; one that the training file has only once is unknown. The tutorials cut Multi30k
into 7,855 German and 5,893 English words, marks included: who cuts it otherwise has their 13,899,013 weights by `--most 7855 5893`.

In the comments: B rows, S source words, T target words, V target vocabulary, E embedding, H hidden, L layers.
"""

import argparse
import copy
import math
import random
import statistics
import time
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

BATCH, TEACHER_FORCING = 128, 0.5
CLIP, LIMIT = 1.0, 50  # the norm of all gradients together; words of a reply


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
        back = (lengths[:, None] - 1 - torch.arange(source.shape[1])).clamp(min=0)  # (B, S) the padding stays behind the words
        inputs = self.dropout(self.heard(source.gather(1, back)))  # (B, S, E)
        packed = nn.utils.rnn.pack_padded_sequence(inputs, lengths, batch_first=True, enforce_sorted=False)  # padding is never heard
        _, state = self.encoder(packed)  # twice (L, B, H): what the cells hold and what they show
        return Context(state, None, torch.zeros_like(lengths))

    def decode(self, tokens: Tensor, context: Context) -> tuple[Tensor, Context]:
        """Logits (B, T, V) of the word after each of `tokens` (B, T), and the context after the last."""
        outputs, state = self.decoder(self.dropout(self.said(tokens)), tuple(part.contiguous() for part in context.state))  # (B, T, H)
        return self.speak(outputs), Context(state, None, context.position + tokens.shape[1])


class Words:
    """A number for each word that `texts` hold at least twice, of the commonest `most`, marks included; and back. A mark is no word, so it is ""."""

    def __init__(self, texts: Iterable[str], most: int | None = None) -> None:
        counts = Counter(word for text in texts for word in text.split())
        self.words = ([""] * len(SPECIAL) + [word for word, times in counts.most_common() if times > 1])[:most]
        self.ids = {word: number for number, word in enumerate(self.words) if word}

    def encode(self, text: str) -> list[int]:
        """The numbers of the words of `text`."""
        return [self.ids.get(word, UNK) for word in text.split()]


class TwoLanguages:
    """What a `Bot` asks of a vocabulary, where what is heard and what is said have words of their own."""

    def __init__(self, heard: Words, said: Words) -> None:
        self.heard, self.said, self.encode = heard, said, said.encode

    def hear(self, text: str) -> list[int]:
        """The numbers of the words of an utterance, between the marks of beginning and end."""
        return [BOS, *self.heard.encode(text), EOS]

    def visible(self) -> list[bool]:
        """For each number that can be said, whether it shows something."""
        return [bool(word) for word in self.said.words]

    def stream(self, ids: Iterable[int]) -> Iterator[str]:
        """Yields for each number the text that it adds."""
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
def free_running_figure(network: Sutskever, batches: list[tuple[Tensor, Tensor]]) -> float:
    """What the tutorials call perplexity: every step hears what the network has said, right or wrong, and each batch counts the same."""
    network.eval()
    return math.exp(statistics.mean(float(cross_entropy(logits_step_by_step(network, *batch, teacher_forcing=0), batch[1])) for batch in batches))


@torch.inference_mode()
def perplexity(network: Sutskever, batches: list[tuple[Tensor, Tensor]]) -> float:
    """exp of the mean of -log p: every step hears the true words before, and each word counts the same."""
    network.eval()
    losses = [float(cross_entropy(network.decode(target[:, :-1], network.encode(source))[0], target)) for source, target in batches]
    words = [int((target[:, 1:] != PAD).sum()) for _, target in batches]
    return math.exp(statistics.fmean(losses, words))


def epoch(network: Sutskever, optimiser: torch.optim.Optimizer, batches: list[tuple[Tensor, Tensor]], number: int) -> float:
    """Learns from all batches; what chance decides depends on the epoch's number alone. Returns the mean loss."""
    random.seed(number)
    torch.manual_seed(number)
    return statistics.mean(learn(network, optimiser, *batch) for batch in random.sample(batches, len(batches)))


def batches_of(pairs: list[Pair], words: TwoLanguages) -> list[tuple[Tensor, Tensor]]:
    """All pairs as source (B, S) and target (B, T), with rows alike in length in one batch."""
    rows = sorted(((words.hear(pair.utterance), [BOS, *words.encode(pair.reply), EOS]) for pair in pairs), key=lambda row: (len(row[0]), len(row[1])))
    chunks = [rows[first : first + BATCH] for first in range(0, len(rows), BATCH)]
    return [(pad(source for source, _ in chunk), pad(target for _, target in chunk)) for chunk in chunks]


def main() -> None:
    """Trains, keeps the weights that did best on the validation file, and answers the first utterances of that file."""
    arguments = argparse.ArgumentParser(description="Train a sequence-to-sequence network without attention.")
    arguments.add_argument("train", type=Path, metavar="TRAIN.tsv")
    arguments.add_argument("valid", type=Path, metavar="VALID.tsv")
    arguments.add_argument("--epochs", type=int, default=10, metavar="N")
    arguments.add_argument("--most", type=int, nargs=2, default=(None, None), metavar=("HEARD", "SAID"), help="words that are known, marks included")
    chosen = arguments.parse_args()
    try:
        train, valid = list(read_pairs(chosen.train)), list(read_pairs(chosen.valid))
    except ChatbotError as error:
        arguments.error(str(error))
    torch.manual_seed(0)
    heard, said = Words((pair.utterance for pair in train), chosen.most[0]), Words((pair.reply for pair in train), chosen.most[1])
    words, network = TwoLanguages(heard, said), Sutskever(len(heard.words), len(said.words))
    print(f"{len(heard.words):,} words to hear, {len(said.words):,} to say, {sum(weight.numel() for weight in network.parameters()):,} weights")

    batches, held_out = batches_of(train, words), batches_of(valid, words)
    optimiser, lowest, best = torch.optim.Adam(network.parameters()), math.inf, network
    for number in range(1, chosen.epochs + 1):
        began = time.perf_counter()
        loss, free, told = epoch(network, optimiser, batches, number), free_running_figure(network, held_out), perplexity(network, held_out)
        if free < lowest:
            lowest, best = free, copy.deepcopy(network)
        seconds = time.perf_counter() - began
        print(f"epoch {number}: {seconds:.0f} s, training loss {loss:.3f}, free-running figure {free:.2f}, perplexity {told:.2f}", flush=True)

    bot = Bot(best.eval(), words, reply_limit=LIMIT)  # type: ignore[arg-type]
    for pair in valid[:3]:
        reply = bot.reply(pair.utterance).text
        print(f"\n  heard   {safe_line(pair.utterance)}\n  said    {safe_line(reply)}\n  should  {safe_line(pair.reply)}")


if __name__ == "__main__":
    main()
