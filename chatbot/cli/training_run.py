"""One run of `chatbot train`: the rooms wired together, from corpora to a bundle with its log and card."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import nn

from chatbot import bundle as bundles
from chatbot.batches import Examples
from chatbot.bot import Bot
from chatbot.cli.model_card import model_card
from chatbot.corpus.folding import key
from chatbot.corpus.pairs import Pair, read_pairs
from chatbot.corpus.split import FEWEST_HELD_OUT, Split, split_pairs
from chatbot.errors import CorpusError
from chatbot.evaluation.metrics import allowed_replies, evaluate
from chatbot.networks.seq2seq import Seq2Seq
from chatbot.networks.token_by_token import parameters, twin
from chatbot.options import NetworkOptions, TrainingOptions, VocabularyOptions
from chatbot.records import plural
from chatbot.safe_text import safe_json, safe_line
from chatbot.training.loop import Progress, train
from chatbot.vocabulary import Vocabulary

LIMIT = 256  # pieces of an utterance or a reply; a longer pair is left out, and counted aloud
EXAMPLES = 12


@dataclass(frozen=True)
class Sample:
    """A held-out utterance, and what each network replies to it."""

    utterance: str
    replies: Mapping[str, str]


@dataclass
class TrainingRun:
    """What a run needs and what it has come to."""

    corpora: Sequence[Path]
    folder: Path
    parts: Split
    vocabulary: Vocabulary
    networks: Mapping[str, nn.Module]
    options: TrainingOptions
    details: bundles.Details
    device: torch.device
    private: bool
    left_out: int
    log: list[str] = field(default_factory=list)
    saved: bool = False
    samples: list[Sample] = field(default_factory=list)  # after the last epoch
    scores: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def prepare(
        cls, corpora: Sequence[Path], folder: Path, vocabulary_options: VocabularyOptions, network: NetworkOptions, options: TrainingOptions,
        *, waits: tuple[int, ...], history: int, device: str, private: bool, command: str,
    ) -> "TrainingRun":  # fmt: skip
        """Reads the corpora, trains the vocabulary on their training part and builds the networks. Raises CorpusError and OptionError."""
        pairs = [pair for path in corpora for pair in read_pairs(path, history=history)]
        parts = split_pairs(pairs)
        vocabulary = Vocabulary.train((pair.utterance for pair in parts.train), (pair.reply for pair in parts.train), vocabulary_options)
        parts, left_out = _short_enough(parts, vocabulary)
        if not parts.train:
            raise CorpusError(f"no pair with at most {LIMIT} pieces on each side", place=corpora[0], remedy="use shorter utterances and replies")
        torch.manual_seed(options.seed)
        listener = Seq2Seq(network, len(vocabulary))
        networks: dict[str, nn.Module] = {"listener": listener.to(device)}
        interrupters = {}
        for wait in waits:
            interrupter = twin(network, len(vocabulary), wait=wait, target=parameters(listener))
            interrupters[wait] = interrupter.recurrence.hidden
            networks[f"interrupter-{wait}"] = interrupter.to(device)
        longest = max(len(vocabulary.encode(pair.reply)) for pair in parts.train)
        details = bundles.Details(
            network=network,
            lowercase=vocabulary_options.lowercase,
            history=history,
            utterance_limit=LIMIT,
            reply_limit=min(2 * LIMIT, longest + longest // 2 + 8),
            fingerprint=fingerprint(pairs),
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            interrupters=interrupters,
            examples=() if private else _examples(parts),
            corpus={
                "names": [] if private else [safe_line(path.name) for path in corpora],
                "pairs": len(pairs),
                "utterances": len({key(pair.utterance) for pair in pairs}),
            },
            training={"command": safe_line(command), "vocabulary": asdict(vocabulary_options), **asdict(options)},
            versions={"chatbot": version("chatbot"), "torch": version("torch"), "sentencepiece": version("sentencepiece")},
        )
        return cls(corpora, folder, parts, vocabulary, networks, options, details, torch.device(device), private, left_out)

    def first_lines(self) -> Iterator[str]:
        """Device, threads, parameters, pairs, vocabulary and where it goes; then what the person should know before it begins."""
        sizes = " + ".join(f"{name} {parameters(network):,}" for name, network in self.networks.items())
        where = f"{self.device}, {torch.get_num_threads()} threads" if self.device.type == "cpu" else f"{self.device}"
        yield f"{where} · {sizes} parameters · {self.details.corpus['pairs']:,} pairs · {len(self.vocabulary):,} pieces · into {self.folder}"
        if self.left_out:
            yield f"left out: {plural(self.left_out, 'pair')} with a side of more than {LIMIT} pieces"
        if not self.parts.valid:
            yield f"fewer than {FEWEST_HELD_OUT} utterances could be held out: all are trained on, for a fixed number of epochs, and no score is printed"
        if self.device.type == "cuda" and not torch.cuda.is_bf16_supported():
            yield "this GPU has no bf16: training in fp32"

    def progress(self) -> Iterator[Progress]:
        """Trains; saves the bundle at each best, and notes each validation in the log."""
        examples = Examples(self.parts.train, self.vocabulary, self.device)
        valid = Examples(self.parts.valid, self.vocabulary, self.device) if self.parts.valid else None
        for progress in train(self.networks, examples, valid, self.options):
            if progress.epoch_ended:
                self.samples = self._samples(progress)
                for name, validation in progress.validations.items():
                    line = {"network": name, **asdict(validation), "tokens_per_second": round(progress.tokens_per_second)}
                    if not self.private:
                        line["samples"] = [{"utterance": sample.utterance, "reply": sample.replies[name]} for sample in self.samples]
                    self.log.append(safe_json(line))
                if progress.best:
                    self.save(progress)
            yield progress

    def _samples(self, progress: Progress) -> list[Sample]:
        """Two held-out utterances, others after each epoch, with the replies of all networks."""
        held_out = self.parts.valid or self.parts.train
        asked = [held_out[(progress.epoch * 2 + number) * 7919 % len(held_out)] for number in range(2)]
        replies = {
            name: self._bot(network).replies([pair.utterance for pair in asked], None, [pair.history for pair in asked])
            for name, network in progress.networks.items()
        }
        return [Sample(pair.utterance, {name: said[number].text for name, said in replies.items()}) for number, pair in enumerate(asked)]

    def save(self, progress: Progress) -> None:
        """Writes the bundle of the best networks so far."""
        self._write(progress.networks)

    def score(self) -> None:
        """Scores the networks as they are stored on the test part, and writes the scores into bundle and card."""
        bundle = bundles.load(self.folder, device=self.device)
        networks: dict[str, nn.Module] = {"listener": bundle.listener, **{f"interrupter-{wait}": network for wait, network in bundle.interrupters.items()}}
        if self.parts.test:
            allowed = allowed_replies([*self.parts.train, *self.parts.valid, *self.parts.test])
            for name, network in networks.items():
                scores = evaluate(self._bot(network), self.parts.test, allowed)
                self.scores[name] = {"right": scores.right, "perplexity": scores.perplexity.per_piece, "bleu": scores.bleu, "utterances": scores.utterances}
                if scores.late:
                    self.scores[name] |= {"late_pairs": scores.late.pairs, "late_pairs_right": scores.late.right}
        self.details = replace(self.details, scores=self.scores)
        self._write(networks)

    def try_me(self) -> str:
        """An utterance to compare."""
        return self.details.examples[0] if self.details.examples else "hello"

    def _write(self, networks: Mapping[str, nn.Module]) -> None:
        sizes = {name: parameters(network) for name, network in networks.items()}
        card = model_card(self.folder.name, self.details, pieces=len(self.vocabulary), parameters=sizes)
        bundles.save(self.folder, self.details, self.vocabulary, networks, {"README.md": card, "log.jsonl": "".join(f"{line}\n" for line in self.log)})
        self.saved = True

    def _bot(self, network: nn.Module) -> Bot:
        network.eval()
        return Bot(network, self.vocabulary, self.details.history, LIMIT, self.details.reply_limit, self.device)  # type: ignore[arg-type]


def fingerprint(pairs: Sequence[Pair]) -> str:
    """sha256 of the pairs in their order: two corpora with the same fingerprint have the same split."""
    digest = hashlib.sha256()
    for pair in pairs:
        digest.update(f"{pair.utterance}\t{pair.reply}\n".encode())
    return digest.hexdigest()


def _short_enough(parts: Split, vocabulary: Vocabulary) -> tuple[Split, int]:
    """`parts` without the pairs that have a side of more than LIMIT pieces, and how many these were."""

    def keep(pair: Pair) -> bool:
        return len(vocabulary.hear(pair.utterance)) <= LIMIT and len(vocabulary.encode(pair.reply)) <= LIMIT

    train = [pair for pair in parts.train if keep(pair)]
    trained = {key(pair.reply) for pair in train}
    held_out = ([pair for pair in part if keep(pair) and key(pair.reply) in trained] for part in (parts.valid, parts.test))
    kept = Split(train, *held_out)
    return kept, sum(map(len, (parts.train, parts.valid, parts.test))) - sum(map(len, (kept.train, kept.valid, kept.test)))


def _examples(parts: Split) -> tuple[str, ...]:
    """Utterances to try, held out where there are such: both members of a late-cue pair first, then one a topic."""
    pairs = [pair for pair in (*parts.test, *parts.valid, *(() if parts.test else parts.train)) if len(pair.utterance) <= 60]
    chosen: dict[str, None] = {}
    late = next((pair for pair in pairs if pair.group and pair.group.pair), None)
    for pair in pairs:
        if late and pair.group and late.group and pair.group.pair == late.group.pair:
            chosen.setdefault(pair.utterance)
    topics: set[str] = set()
    for pair in sorted(pairs, key=lambda pair: hashlib.sha256(pair.utterance.encode()).digest()):
        topic = pair.group.topic if pair.group else pair.reply
        if topic not in topics and len(chosen) < EXAMPLES:
            topics.add(topic)
            chosen.setdefault(pair.utterance)
    return tuple(chosen)
