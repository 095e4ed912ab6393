"""One run of `chatbot train`: the rooms wired together, from corpora to a bundle with its log and card."""

import hashlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from chatbot import bundle as bundles
from chatbot import checkpoint, resume
from chatbot.bot import Bot
from chatbot.cli.interrupted_run import another, begun
from chatbot.cli.model_card import model_card
from chatbot.cli.options import cores
from chatbot.cli.settings import Settings, Sources
from chatbot.corpus.folding import key
from chatbot.corpus.pairs import Pair
from chatbot.corpus.split import FEWEST_HELD_OUT
from chatbot.dataset.prepare import Dataset, Tell, prepare
from chatbot.errors import OptionError
from chatbot.evaluation.confidence import calibrate
from chatbot.evaluation.metrics import allowed_replies, begin_differently, evaluate, is_right, losses, twins_among
from chatbot.networks.seq2seq import Seq2Seq
from chatbot.networks.token_by_token import TokenByTokenRNN, parameters, twin
from chatbot.options import LIMIT
from chatbot.records import Decoding, plural
from chatbot.safe_text import safe_json, safe_line
from chatbot.spelling import Spelling
from chatbot.training.loop import Checkpoint, Progress, in_effect, train
from chatbot.training.processes import Processes
from chatbot.vocabulary import Vocabulary

EXAMPLES = 12
KNOWN, READ = 50_000, 1_000_000  # distinct replies that a bundle keeps at the most, and pairs that are looked through for them and for words
CHECKPOINT_SECONDS = 120
LITTLE_NEW = 0.9  # the share of replies that repeat, from where on a decoder need not look at what was heard
EPOCH_SECONDS = 10  # the least between two epochs at whose end a bundle and a checkpoint are written


@dataclass(frozen=True)
class Sample:
    """A held-out utterance, and what each network replies to it."""

    utterance: str
    replies: Mapping[str, str]


@dataclass
class TrainingRun:
    """What a run needs and what it has come to. Of several processes each has one, and the first writes."""

    sources: Sources
    folder: Path
    data: Dataset
    networks: Mapping[str, nn.Module]
    settings: Settings
    details: bundles.Details
    command: str
    processes: Processes
    begun: Checkpoint | None = None  # where an interrupted run was left
    saved: bool = False
    log: list[str] = field(default_factory=list)
    latest: Progress | None = None
    noted: bool = False  # whether `latest` is an epoch whose samples and validations are in the log
    samples: list[Sample] = field(default_factory=list)  # after the last epoch
    scores: dict[str, dict[str, Any]] = field(default_factory=dict)
    _unsaved: bool = False  # whether there is a best that the bundle does not have yet
    _kept: float = field(default_factory=time.monotonic)  # when the last checkpoint was written

    @classmethod
    def prepare(
        cls, sources: Sources, folder: Path, settings: Settings,
        *, base: bundles.Bundle | None, command: str, fresh: bool, processes: Processes, tell: Tell,
    ) -> "TrainingRun":  # fmt: skip
        """Reads the corpora, trains the vocabulary on their training part, and builds the networks; or finds all that where an interrupted run left it.

        With a bundle `base` its vocabulary and networks are gone on from. `fresh` gives up an interrupted run that is not the same; `tell` hears how
        far preparing has come. Raises CorpusError, OptionError and BundleError.
        """
        saved = checkpoint.told_to_all(begun(folder, settings, fresh) if processes.first else None, processes.tell)
        settings = settings.at(saved.facts["settings"]["threads"] if saved else cores() // int(os.environ.get("LOCAL_WORLD_SIZE", "1")))
        torch.set_num_threads(settings.threads)
        data = _data(sources, folder, settings, processes, base.vocabulary if base else None, tell)
        if saved and (saved.facts["fingerprints"] != _fingerprints(data) or saved.vocabulary != data.vocabulary.model):
            if not fresh:
                raise another(sources, folder, command, saved.facts, _fingerprints(data))
            saved = None
        if processes.first and not saved:
            resume.forget(folder)
        networks = _networks(settings, data, base)
        details = _details(sources, settings, data, networks, command, processes)
        if base and base.details.network.replies and details.network.replies and "sureness" in base.details.threshold:
            # How many replies a plan hesitates among means the same in both; too little may be held out to find it out anew.
            details = replace(details, threshold={"sureness": base.details.threshold["sureness"]})
        run = cls(sources, folder, data, {name: network.to(settings.device) for name, network in networks.items()}, settings, details, command, processes)
        if settings.known_replies and not run.replies:
            what = f"--known-replies, but the corpus has more than {KNOWN:,} distinct replies, or more than {READ:,} pairs"
            raise OptionError(what, place=sources.corpora[0], remedy="leave it out, or train on less")
        if saved:
            run.begun, run.saved, run.log = Checkpoint(saved.tensors, saved.facts["checkpoint"]), saved.facts["saved"], saved.facts["log"]
            run._unsaved = saved.facts["unsaved"]
        return run

    def first_lines(self) -> Iterator[str]:
        """Device, threads, parameters, pairs, vocabulary and where it goes; then what the person should know before it begins."""
        device, data = torch.device(self.settings.device), self.data
        sizes = " + ".join(f"{name} {parameters(network):,}" for name, network in self.networks.items())
        where = f"{device}, {plural(self.settings.threads, 'thread')}" if device.type == "cpu" else f"{device}"
        where += f", {self.processes.world} processes" if self.processes.world > 1 else ""
        yield f"{where} · {sizes} parameters · {data.pairs:,} pairs · {len(data.vocabulary):,} pieces · into {self.folder}"
        if data.left_out:
            yield f"left out: {plural(data.left_out, 'pair')} with a side of more than {LIMIT} pieces"
        if data.torn:
            yield f"left out: {plural(data.torn, 'pair')} that follow what is held out, or are held out and have a reply that is nowhere else"
        if data.leaked:
            yield f"not validated on: {plural(data.leaked, 'pair')} of {self.sources.valid}, since what is said there is trained on too"
        if not data.valid:
            yield f"fewer than {FEWEST_HELD_OUT} utterances could be held out: all are trained on, for a fixed number of epochs, and no score is printed"
        if self.settings.private and self.replies:
            yield f"--known-replies: {plural(len(self.replies), 'reply', 'replies')} of the corpus will be in the bundle, word for word"
        if device.type == "cuda" and not torch.cuda.is_bf16_supported():
            yield "this GPU has no bf16: training in fp32"
        if self.begun:
            place = self.begun.facts["place"]
            yield f"going on where it was interrupted: in epoch {place['epoch']}, after step {place['step']:,}"

    def progress(self) -> Iterator[Progress]:
        """Trains; notes each validation in the log, saves the bundle at the first best and soon after each other, and keeps a checkpoint now and then.

        Epochs may take a moment: what is written at their end waits until some seconds have passed. `noted` says whether this one was.
        """
        for progress in train(self.networks, self.data.train, self.data.valid, self.settings.training, processes=self.processes, checkpoint=self.begun):
            self.latest, self.noted = progress, False
            if self.processes.first:
                self._unsaved |= progress.best
                waited, ended, last = time.monotonic() - self._kept, progress.epoch_ended, progress.step >= progress.steps
                due = waited > CHECKPOINT_SECONDS or (ended and (last or waited > EPOCH_SECONDS))
                self.noted = ended and (due or self.data.valid is not None)
                if self.noted:
                    self._note(progress)
                if due or (self._unsaved and not self.saved):
                    self._keep(progress)
            yield progress
        if self._unsaved and self.latest:
            self._write(self.latest.networks)

    def stopped(self) -> str:
        """Keeps where the run stands, and a usable bundle if there is none yet; says in words which bundle is there."""
        if not self.processes.first:
            return ""
        if self.latest:
            self._keep(self.latest)
        private = f", but {resume.FOLDER} in it holds the corpus: do not share it before training has ended" if self.settings.private else ""
        if not self.saved and (self.folder / "bundle.json").exists():
            return f"it had no best yet, and the bundle that was there is kept{private}"
        if not self.saved and self.latest and self._gives_numbers(self.latest.networks):
            self._write(self.latest.networks)
        return f"the best so far is a usable bundle{private}" if self.saved else f"there is no bundle yet{private}"

    def score(self) -> None:
        """Scores the networks as they are stored on the test part, writes the scores into bundle and card, and forgets what going on would need."""
        bundle = bundles.load(self.folder, device=self.settings.device)
        networks: dict[str, nn.Module] = {"listener": bundle.listener, **{f"interrupter-{wait}": network for wait, network in bundle.interrupters.items()}}
        decoding = Decoding(known_replies=bool(self.replies and self.settings.known_replies))
        if self.data.valid_pairs:
            allowed = allowed_replies([*self.data.topics, *self.data.valid_pairs])
            found = calibrate(self._bot(bundle.listener), self.data.valid_pairs, allowed, decoding)
            self.details = replace(self.details, threshold=asdict(found) if found else self.details.threshold)
        if self.data.test_pairs:
            allowed = allowed_replies([*self.data.topics, *self.data.test_pairs])
            for name, network in networks.items():
                scores = evaluate(self._bot(network), self.data.test_pairs, allowed, decoding)
                self.scores[name] = {"right": scores.right, "perplexity": scores.perplexity.per_piece, "bleu": scores.bleu, "utterances": scores.utterances}
                if scores.late:
                    self.scores[name] |= {"late_pairs": scores.late.pairs, "late_pairs_right": scores.late.right}
                if scores.early:
                    self.scores[name] |= {"early_pairs": scores.early.pairs, "early_pairs_right": scores.early.right}
        examples = self.details.examples and self._answered_examples(self._bot(bundle.listener))
        self.details = replace(self.details, scores=self.scores, examples=examples)
        self._write(networks)
        resume.remove(self.folder)

    def try_me(self) -> str:
        """An utterance to compare."""
        return self.details.examples[0] if self.details.examples else "hello"

    def places(self, rows: torch.Tensor) -> str:
        """Where the pairs of these examples stand: `file:line`, and the other lines after commas."""
        places: dict[str, list[str]] = {}
        for row in rows.tolist():
            path, _, line = self.data.place(row).rpartition(":")
            places.setdefault(path, []).append(line)
        return "; ".join(f"{path}:{','.join(lines)}" for path, lines in places.items())

    def _answered_examples(self, bot: Bot) -> tuple[str, ...]:
        """Utterances to try, now that it is known what the bot makes of them."""
        allowed = allowed_replies([*self.data.topics, *self.data.train_pairs, *self.data.valid_pairs, *self.data.test_pairs])
        return _examples(self.data, lambda utterance: is_right(bot.reply(utterance).text, allowed[key(utterance)]))

    def _note(self, progress: Progress) -> None:
        """A line of the log for each network, with what it says to two held-out utterances, others after each epoch; of a private run without."""
        asked = [] if self.settings.private else self._asked(progress.epoch)
        replies = {
            name: self._bot(network).replies([pair.utterance for pair in asked], None, [pair.history for pair in asked])
            for name, network in progress.networks.items()
        }
        self.samples = [Sample(pair.utterance, {name: said[number].text for name, said in replies.items()}) for number, pair in enumerate(asked)]
        for name, validation in progress.validations.items():
            line = {"network": name, **asdict(validation), "tokens_per_second": round(progress.tokens_per_second)}
            if asked:
                line["samples"] = [{"utterance": sample.utterance, "reply": sample.replies[name]} for sample in self.samples]
            self.log.append(safe_json(line))

    def _asked(self, epoch: int) -> list[Pair]:
        """Two held-out utterances, others after each epoch."""
        held_out = self.data.valid_pairs or self.data.train_pairs
        return [held_out[(epoch * 2 + number) * 7919 % len(held_out)] for number in range(2)]

    def _keep(self, progress: Progress) -> None:
        """Writes a checkpoint, then the best so far, if it is not written yet: a bundle without a checkpoint beside it is a finished one."""
        taken = progress.checkpoint()
        facts = {
            "settings": self.settings.facts(), "command": self.command, "fingerprints": _fingerprints(self.data),
            "saved": self.saved, "unsaved": self._unsaved, "log": self.log, "checkpoint": taken.facts,
        }  # fmt: skip
        checkpoint.save(self.folder, facts, self.data.vocabulary.model, taken.tensors)
        self._kept = time.monotonic()
        if self._unsaved:
            self._write(progress.networks)

    def _write(self, networks: Mapping[str, nn.Module]) -> None:
        sizes = {name: parameters(network) for name, network in networks.items()}
        card = model_card(self.folder.name, self.details, pieces=len(self.data.vocabulary), parameters=sizes)
        texts = {"README.md": card, "log.jsonl": "".join(f"{line}\n" for line in self.log)}
        bundles.save(self.folder, self.details, self._heard, networks, texts, self.replies)
        self.saved, self._unsaved = True, False

    def _gives_numbers(self, networks: Mapping[str, nn.Module]) -> bool:
        """Whether all of them give what has been learnt a probability: after steps that were too large, none does."""
        return all(np.isfinite(losses(self._bot(network), self.data.train_pairs[:1])).all() for network in networks.values())

    def _bot(self, network: nn.Module) -> Bot:
        network.eval()
        device = torch.device(self.settings.device)
        return Bot(network, self._heard, self.settings.history, LIMIT, self.details.reply_limit, device, self.replies)  # type: ignore[arg-type]

    @cached_property
    def _heard(self) -> Vocabulary:
        """The vocabulary, and with it the words that slips are mended to where the bot chooses among replies: who translates must not change a name."""
        vocabulary, train = self.data.vocabulary, self.data.train
        if self.settings.private or len(train) > READ or not train.repeating.choices:
            return vocabulary
        return Vocabulary(vocabulary.model, lowercase=vocabulary.lowercase, spelling=Spelling.of(map(vocabulary.decode, train.source.rows())))

    @cached_property
    def replies(self) -> tuple[str, ...]:
        """The distinct replies of the training part: those that repeat by their numbers, the others in their order.

        None where they are too many, or private and not asked for.
        """
        if len(self.data.train) > READ or (self.settings.private and not self.settings.known_replies):
            return ()
        found: dict[tuple[int, ...], None] = dict.fromkeys(map(tuple, _repeating(self.data)))
        for ids in self.data.train.target.rows():
            found.setdefault(tuple(ids))
            if len(found) > KNOWN:
                return ()
        return tuple(self.data.vocabulary.decode(ids) for ids in found)


def _data(sources: Sources, folder: Path, settings: Settings, processes: Processes, vocabulary: Vocabulary | None, tell: Tell) -> Dataset:
    """The corpora, prepared by the first process; the others then find that, or on another machine do the same."""

    def prepared(vocabulary: Vocabulary | None) -> Dataset:
        return prepare(
            sources.corpora, folder / resume.FOLDER / "ids", settings.vocabulary, history=settings.history, limit=LIMIT, workers=settings.threads,
            vocabulary=vocabulary, valid=sources.valid, mix=sources.mix, alone=bool(settings.start_from), device=torch.device(settings.device), tell=tell,
        )  # fmt: skip

    data = prepared(vocabulary) if processes.first else None
    model = processes.tell(data.vocabulary.model if data else b"")
    return data or prepared(vocabulary or Vocabulary(model, lowercase=settings.vocabulary.lowercase))


def _networks(settings: Settings, data: Dataset, base: bundles.Bundle | None) -> dict[str, nn.Module]:
    """The listener and its interrupters: new ones, or those of the bundle that is gone on from. Where replies repeat, the listener plans which one it gives."""
    replies = data.train.repeating.choices if settings.training.plan else 0
    torch.manual_seed(settings.training.seed)
    if base:
        had = {reply: number for number, reply in enumerate(base.replies[: base.details.network.replies])}
        now = enumerate(map(data.vocabulary.decode, _repeating(data) if had and replies else ()))
        listener = base.listener.planning(replies, {number: had[reply] for number, reply in now if reply in had})
        return {"listener": listener, **{f"interrupter-{wait}": base.interrupters[wait] for wait in settings.waits}}
    options = replace(settings.network, replies=replies, pieces=settings.network.pieces and not replies)  # a plan gains nothing by them
    if options.attention == "auto":
        options = replace(options, attention="none" if replies and data.train.repeating.share >= LITTLE_NEW else "general")
    listener = Seq2Seq(options, len(data.vocabulary), torch.tensor(data.vocabulary.letters()))
    without = parameters(listener) - (parameters(listener.planner) if listener.planner else 0)  # who has to speak at once cannot plan
    interrupters = {f"interrupter-{wait}": twin(options, len(data.vocabulary), wait=wait, target=without) for wait in settings.waits}
    return {"listener": listener, **interrupters}


def _repeating(data: Dataset) -> Iterator[list[int]]:
    """Yields the ids of each reply that repeats, by its number."""
    return data.train.target.rows(data.train.repeating.examples())


def _details(
    sources: Sources, settings: Settings, data: Dataset, networks: Mapping[str, nn.Module], command: str, processes: Processes
) -> bundles.Details:  # fmt: skip
    """What the bundle will say of itself; scores come later."""
    return bundles.Details(
        network=networks["listener"].options,  # type: ignore[arg-type]
        lowercase=settings.vocabulary.lowercase,
        history=settings.history,
        utterance_limit=LIMIT,
        reply_limit=min(2 * LIMIT, data.longest + data.longest // 2 + 8),
        fingerprint=data.fingerprint,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        interrupters={network.wait: network.recurrence.hidden for network in networks.values() if isinstance(network, TokenByTokenRNN)},
        examples=() if settings.private else _examples(data),
        corpus={
            "names": [] if settings.private else [safe_line(path.name) for path in (*sources.corpora, *sources.mix)],
            "pairs": data.pairs,
            "utterances": data.utterances,
        },
        training={
            "command": safe_line(command),
            "held_out": sources.valid is None,
            **({} if settings.start_from else {"vocabulary": asdict(settings.vocabulary)}),  # else it came with the bundle
            **asdict(in_effect(settings.training, data.train, processes)),
        },
        known_replies=settings.known_replies,
        unsure=settings.unsure,
        versions={"chatbot": version("chatbot"), "torch": version("torch"), "sentencepiece": version("sentencepiece")},
    )


def _fingerprints(data: Dataset) -> list[str]:
    """Of all that is trained and validated on."""
    return [data.fingerprint, data.mix_fingerprint, data.valid_fingerprint]


def _examples(data: Dataset, is_answered: Callable[[str], bool] = lambda utterance: True) -> tuple[str, ...]:
    """Utterances to try, held out where there are such: both members of the shortest late-cue pair that the bot answers first, then one a topic."""
    pairs = [pair for pair in (*data.test_pairs, *data.valid_pairs, *(() if data.test_pairs else data.train_pairs)) if len(pair.utterance) <= 60]
    pairs = [pair for pair in pairs if not (pair.group and pair.group.needs)]  # nobody begins with a follow-up
    late = sorted((twins for twins in twins_among(pairs) if not begin_differently(*twins)), key=lambda twins: sum(map(len, twins)))
    chosen: dict[str, None] = dict.fromkeys(next((twins for twins in late if all(map(is_answered, twins))), ()))
    topics: set[str] = set()
    for pair in sorted(pairs, key=lambda pair: hashlib.sha256(pair.utterance.encode()).digest()):
        topic = pair.group.topic if pair.group else pair.reply
        if topic not in topics and len(chosen) < EXAMPLES:
            topics.add(topic)
            chosen.setdefault(pair.utterance)
    return tuple(chosen)
