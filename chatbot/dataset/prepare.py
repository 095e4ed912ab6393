"""From corpora of any size to examples: read once to split them, once more to cut them into pieces, by several processes, into mapped files.

No text is kept but what is held out, what a vocabulary is trained on, and a few pairs to show.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from chatbot.batches import Blend, Examples
from chatbot.corpus.fingerprint import fingerprint
from chatbot.corpus.folding import key
from chatbot.corpus.pairs import PACKED, Block, Group, Pair, read_pairs
from chatbot.corpus.split import IN_VALID, contains, count_distinct, names_of, places_of
from chatbot.dataset import store
from chatbot.dataset.jobs import CutIntoPieces, TrainVocabulary, changed
from chatbot.dataset.scan import Corpora, Meter, Sample, Scan, parts_of, scan
from chatbot.dataset.workers import Workers
from chatbot.errors import CorpusError
from chatbot.options import LIMIT, SAMPLE, VocabularyOptions
from chatbot.vocabulary import Vocabulary

SHOWN = 1000  # pairs of the training part that are kept as text
SMALL = 8_000_000  # bytes; a smaller corpus is read here before workers have started: one trains the vocabulary meanwhile, so that Ctrl-C is heard
TINY = 200_000  # bytes; for a smaller corpus even that is done here

_STRIPE = 1 << 20  # rows looked at in one go

Tell = Callable[[str, int, int], None]  # a stage, how much of it is done, of how much: bytes of the files, or 0 of 0


@dataclass(frozen=True)
class Dataset:
    """Corpora that are ready to be trained on. All but the training part is small."""

    vocabulary: Vocabulary
    train: Examples  # mapped
    valid: Examples | None  # None when nothing is held out
    valid_pairs: list[Pair]
    test_pairs: list[Pair]
    train_pairs: list[Pair]  # the first SHOWN, to show
    topics: list[Pair]  # one for each reply of each topic and label: with the held-out pairs all that tells which replies are allowed
    pairs: int  # of the corpora, without the mix and a validation file
    utterances: int  # distinct, of these
    left_out: int  # pairs of all files with a side of too many pieces
    torn: int  # follow-ups of what is held out, and held-out pairs whose reply nothing has that is trained on
    leaked: int  # pairs of a validation file that are not validated on: what is said in them is trained on too
    longest: int  # pieces of a reply that is trained on
    fingerprint: str  # of the corpora; those of the mix and of a validation file are "" without one
    mix_fingerprint: str
    valid_fingerprint: str
    files: tuple[Path, ...]
    firsts: tuple[int, ...]  # the first example of each file
    lines: torch.Tensor  # (N,) mapped

    def place(self, row: int) -> str:
        """Where an example of the training part stands, as path:line."""
        file = int(np.searchsorted(self.firsts, row, "right")) - 1
        return f"{self.files[file]}:{int(self.lines[row])}"


def prepare(
    paths: Sequence[Path], folder: Path, options: VocabularyOptions,
    *, history: int = 0, limit: int = LIMIT, workers: int = 0, vocabulary: Vocabulary | None = None, valid: Path | None = None,
    mix: Sequence[Path] = (), alone: bool = False, device: torch.device | None = None, tell: Tell = lambda stage, done, total: None,
) -> Dataset:  # fmt: skip
    """Reads, splits and cuts into pieces the corpora `paths`, and keeps the ids in `folder`; what is there of the same corpora and options is used.

    Without a `vocabulary` one is trained on the training part, or on SAMPLE pairs of it. With a file `valid` nothing of the corpora is held out, and what is
    said in both is not validated on. Of the corpora `mix` the training part is trained on too, without the utterances that `paths` hold out. With `history` a
    file needs conversations, unless its pairs may stand `alone`. A pair with a side of more than `limit` pieces is left out, and so is one that is held out
    and whose reply is then never trained on. What comes out does not depend on `workers`, the number of processes that help a large corpus. Raises
    CorpusError, OptionError, and BundleError for a folder that cannot be written to.
    """
    corpora = Corpora(paths, mix, valid, history, alone)
    settings = {
        "history": history, "limit": limit, "files": [len(paths), len(mix), int(valid is not None)],
        "vocabulary": None if vocabulary else {**asdict(options), "sample": SAMPLE},
    }  # fmt: skip
    stamps = corpora.stamps()
    facts = store.read_index(folder)
    there = facts is not None and _is_of(facts, settings, vocabulary)
    if facts and there and facts["stamps"] == stamps:
        return _open(folder, facts, corpora, device)
    sizes = [size for size, *_ in stamps[: len(corpora.files)]]
    size = sum(size * (5 if path.suffix in PACKED else 1) for path, size in zip(corpora.files, sizes, strict=True))
    with Workers(0 if size < TINY else min(workers, 1) if size < SMALL else workers) as pool:
        readers = Workers(0) if size < SMALL else pool
        sample = Sample(0 if vocabulary else SAMPLE)
        own = list(read_pairs(valid, history=history, alone=alone)) if valid else []
        scans = scan(readers, corpora, sample, Meter("reading", sizes, tell))
        fingerprints = [scans[0].fingerprint, scans[1].fingerprint, fingerprint(own) if valid else ""]
        if facts and there and facts["fingerprints"] == fingerprints:  # only touched, or moved
            facts["stamps"] = stamps
            store.write_index(folder, facts)
            return _open(folder, facts, corpora, device)
        parts = parts_of(scans, corpora)
        if vocabulary is None:
            tell("vocabulary", 0, 0)
            (model,) = pool.map(TrainVocabulary(options), [sample.texts(parts)])
            vocabulary = Vocabulary(model, lowercase=options.lowercase)
        del sample
        facts = {"settings": settings, "stamps": stamps, "fingerprints": fingerprints, "lowercase": vocabulary.lowercase, "model": _sha256(vocabulary)}
        cutting = _Cutting(corpora, scans, parts, vocabulary, limit)
        with store.Writer(folder, len(vocabulary)) as writer:
            cutting.run(readers, writer, Meter("tokenising", sizes, tell))
            if not writer.examples:
                raise CorpusError(f"no pair with at most {limit} pieces on each side", place=paths[0], remedy="use shorter utterances and replies")
            facts = writer.finish(vocabulary.model, facts | cutting.facts(own))
    return _open(folder, facts, corpora, device)


def _is_of(facts: dict[str, Any], settings: dict[str, Any], vocabulary: Vocabulary | None) -> bool:
    """Whether a data set was made with these settings; a vocabulary that is given may have been trained for it."""
    if vocabulary is None:
        return bool(facts["settings"] == settings)
    return facts["settings"] | {"vocabulary": None} == settings and [facts["model"], facts["lowercase"]] == [_sha256(vocabulary), vocabulary.lowercase]


def _sha256(vocabulary: Vocabulary) -> str:
    return hashlib.sha256(vocabulary.model).hexdigest()


class _Cutting:
    """The second reading, and what it finds out."""

    def __init__(self, corpora: Corpora, scans: tuple[Scan, Scan], parts: NDArray[np.uint8], vocabulary: Vocabulary, limit: int) -> None:
        self.corpora, self.scans, self.parts, self.vocabulary, self.limit = corpora, scans, parts, vocabulary, limit
        self.blocks = [*scans[0].blocks, *scans[1].blocks]
        self.used, self.held, self.shown = bytearray(), list[tuple[int, Pair]](), list[Pair]()
        self.firsts, self.left_out, self.torn, self.longest = [0], 0, 0, 0

    def run(self, pool: Workers, writer: store.Writer, meter: Meter) -> None:
        """Writes the ids of all that is trained on."""
        cutters = CutIntoPieces(self.vocabulary.model, self.vocabulary.lowercase, self.limit, SHOWN)
        for (file, _), cut in zip(self.blocks, pool.map(cutters, self._tasks()), strict=True):
            self.firsts += [writer.examples] * (file + 1 - len(self.firsts))
            writer.add("source", cut.source, cut.source_lengths)
            writer.add("target", cut.target, cut.target_lengths)
            writer.add_lines(cut.lines)
            self.held += cut.held
            self.used += cut.used.tobytes()
            self.shown += cut.shown[: SHOWN - len(self.shown)]
            self.left_out += cut.left_out
            self.torn += cut.torn
            self.longest = max(self.longest, int(cut.target_lengths.max(initial=2)) - 2)  # from BOS to EOS
            meter(file, cut.read)

    def facts(self, own: list[Pair]) -> dict[str, Any]:
        """What is to be kept beside the ids; `own` are the pairs of a validation file."""
        heard = self._used("utterances", (pair.name for pair in own))
        if own and all(heard):
            raise CorpusError("all that is said in it is trained on too", place=self.corpora.valid, remedy="name a file of other pairs")
        new = [pair for pair, trained in zip(own, heard, strict=True) if not trained]
        valid = [pair for pair in new if self._is_short(pair)]
        self.left_out += len(new) - len(valid)
        trained = self._trained()
        held = [(part, pair) for (part, pair), known in zip(self.held, trained, strict=True) if known]
        self.torn += len(self.held) - len(held)
        files = {str(path): number for number, path in enumerate(self.corpora.named)}
        return {
            "pairs": len(self.scans[0].utterances),
            "utterances": count_distinct(self.scans[0].rows.utterances),
            "left_out": self.left_out,
            "torn": self.torn,
            "leaked": sum(heard),
            "longest": self.longest,
            "firsts": self.firsts,
            "valid": [_packed(pair, files) for pair in (*valid, *(pair for part, pair in held if part == IN_VALID))],
            "test": [_packed(pair, files) for part, pair in held if part != IN_VALID],
            "train": [_packed(pair, files) for pair in self.shown],
            "topics": [[text, reply, *owner] for owner, replies in self.scans[0].topics.items() for reply, text in replies.items()],
        }

    def _tasks(self) -> Iterator[tuple[Block, NDArray[np.uint8], NDArray[np.uint8]]]:
        """The blocks with the parts of their pairs, and of those before. Raises CorpusError when they are not those of the first reading."""
        first, known = 0, iter(self.blocks)
        for file, block in self.corpora.blocks():
            same, size = next(known, (-1, 0))
            if same != file:
                raise changed(block.lines.path)
            yield block, self.parts[first : first + size], self.parts[max(0, first - self.corpora.history) : first]
            first += size
        if first != len(self.parts):
            raise changed(self.corpora.files[-1])

    def _trained(self) -> list[bool]:
        """For each held-out pair whether anything trained on has its reply: not when all that had it were too long, or follow what is held out."""
        if not self.left_out and not self.torn:
            return [True] * len(self.held)
        return self._used("replies", (key(pair.reply) for _, pair in self.held))

    def _used(self, side: Literal["utterances", "replies"], texts: Iterable[str]) -> list[bool]:
        """For each of the folded `texts` whether a pair that is trained on has it on that side."""
        names = names_of(texts)
        asked = np.unique(names)
        found = np.zeros(len(asked), bool)
        used, first = np.frombuffer(self.used, bool), 0
        for known in (getattr(one.rows, side) for one in self.scans):
            for start in range(0, len(known), _STRIPE):
                stripe = known[start : start + _STRIPE]
                found |= contains(stripe[used[first + start : first + start + len(stripe)]], asked)
            first += len(known)
        return found[places_of(names, asked)].tolist()

    def _is_short(self, pair: Pair) -> bool:
        return len(self.vocabulary.hear(pair.utterance)) <= self.limit and len(self.vocabulary.encode(pair.reply)) <= self.limit


def _open(folder: Path, facts: dict[str, Any], corpora: Corpora, device: torch.device | None) -> Dataset:
    """The data set that lies in `folder`."""
    vocabulary = Vocabulary((folder / store.MODEL).read_bytes(), lowercase=facts["lowercase"])
    valid, test, train = ([_unpacked(one, corpora.named) for one in facts[part]] for part in ("valid", "test", "train"))
    train_examples = Examples.of(*(store.ragged(folder, side, facts["kind"], device) for side in store.SIDES))
    if corpora.mix:
        own = facts["firsts"][len(corpora.paths)]
        train_examples.blend = Blend.of(own, len(train_examples) - own)
    elif train_examples.repeating.choices:
        train_examples.chosen = True
    return Dataset(
        vocabulary=vocabulary,
        train=train_examples,
        valid=Examples(valid, vocabulary, device).numbered(_repeating(train_examples)) if valid else None,
        valid_pairs=valid,
        test_pairs=test,
        train_pairs=train,
        topics=[Pair(utterance, reply, group=Group(topic, "", label, needs)) for utterance, reply, topic, label, needs in facts["topics"]],
        pairs=facts["pairs"],
        utterances=facts["utterances"],
        left_out=facts["left_out"],
        torn=facts.get("torn", 0),
        leaked=facts["leaked"],
        longest=facts["longest"],
        fingerprint=facts["fingerprints"][0],
        mix_fingerprint=facts["fingerprints"][1],
        valid_fingerprint=facts["fingerprints"][2],
        files=corpora.files,
        firsts=tuple(facts["firsts"]),
        lines=store.mapped(folder / store.LINES, "uint32"),
    )


def _repeating(examples: Examples) -> dict[tuple[int, ...], int]:
    """The targets among which one is chosen, and the number of each."""
    first = examples.repeating.examples() if examples.repeating.choices else []
    return {tuple(ids): number for number, ids in enumerate(examples.target.rows(first))}


def _packed(pair: Pair, files: dict[str, int]) -> list[Any]:
    """A pair as JSON; its file by number, so that the data set may be opened from elsewhere."""
    path, _, line = pair.place.rpartition(":")
    return [pair.utterance, pair.reply, files[path], int(line), pair.history, pair.group]


def _unpacked(one: list[Any], files: Sequence[Path]) -> Pair:
    """A pair of `_packed`."""
    utterance, reply, file, line, history, group = one
    turns = tuple((heard, said) for heard, said in history)
    return Pair(utterance, reply, f"{files[file]}:{line}", turns, Group(*group) if group else None)
