"""The parts of a corpus as files, split as training splits it, so that other programs can be measured on the same pairs."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chatbot.corpus.pairs import Count, Pair, groups_path, read_blocks
from chatbot.corpus.split import IN_TRAIN, Rows, split_rows, unheard
from chatbot.corpus.written import whole_files
from chatbot.errors import CorpusError

NAMES = ("train", "valid", "test")  # in the order of IN_TRAIN, IN_VALID, IN_TEST


@dataclass(frozen=True)
class Parts:
    """The files that were written, and how many pairs are in each part."""

    files: tuple[Path, ...]
    pairs: tuple[int, int, int]


def write_parts(paths: Sequence[Path], folder: Path, *, history: int = 0, force: bool = False) -> Parts:
    """Writes the parts of some corpora into `folder`: NAME.tsv and, where there are topics, NAME.groups.tsv; with `history`, NAME.jsonl.

    A line of JSON has `utterance`, `reply`, `history` (turns of utterance and reply, oldest first), `place`, and in a corpus of topics `topic` and `label`.
    Raises CorpusError, as training would, for what is no pair; when nothing would be held out; and for what cannot be written.
    """
    rows, grouped = _read(paths, history)
    parts = split_rows(rows, place=paths[0])
    if not (parts != IN_TRAIN).any():
        raise CorpusError("too few utterances to hold any out", place=paths[0], remedy="all of it is trained on: there is nothing to split")
    endings = ["jsonl"] if history else ["tsv", "groups.tsv"] if grouped else ["tsv"]
    names = [folder / f"{name}.{ending}" for name in NAMES for ending in endings]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CorpusError(f"no folder can be made: {error.strerror}", place=folder, remedy="name another one with --out") from None
    counts = [0, 0, 0]
    with whole_files(names, force=force, keep=[*paths, *map(groups_path, paths)]) as files:
        for part, pair in _parted(paths, rows, parts, history):
            first = part * len(endings)
            counts[part] += 1
            if history:
                files[first].write(_json(pair))
                continue
            files[first].write(f"{pair.utterance}\t{pair.reply}\n".encode())
            if grouped and pair.group:
                files[first + 1].write("\t".join(map(str, (counts[part], *pair.group))).encode() + b"\n")
    return Parts(tuple(names), (counts[0], counts[1], counts[2]))


def _read(paths: Sequence[Path], history: int) -> tuple[Rows, bool]:
    """What the split must know, and whether there are topics."""
    utterances, replies, units, grouped, first = [], [], dict[int, int](), False, 0
    for path in paths:
        count = Count(path, history=history)
        for block in read_blocks(path, history=history):
            rows = Rows.of(block.pairs())
            utterances.append(rows.utterances)
            replies.append(rows.replies)
            units |= {first + row: unit for row, unit in rows.units.items()}
            first += len(rows.utterances)
            count.pairs += len(rows.utterances)
            count.lines += len(block.lines)
            grouped = grouped or bool(block.groups)
        count.check()
    return Rows(np.concatenate(utterances), np.concatenate(replies), units), grouped


def _parted(paths: Sequence[Path], rows: Rows, parts: NDArray[np.uint8], history: int) -> Iterator[tuple[int, Pair]]:
    """Yields each pair after its part, as training has it: what is trained on hears nothing that is held out, and has every reply that is held out."""
    row, trained, held = 0, parts == IN_TRAIN, list[tuple[int, Pair]]()
    for path in paths:
        held_lines: set[int] = set()
        for block in read_blocks(path, history=history):
            for pair in block.pairs():
                if row == len(parts):
                    raise _changed(path)
                if not trained[row]:
                    held_lines.add(int(pair.place.rpartition(":")[2]))
                    held.append((row, pair))
                elif left := unheard(pair, held_lines):
                    yield IN_TRAIN, left
                else:
                    trained[row] = False
                row += 1
    if row != len(parts):
        raise _changed(paths[-1])
    known = np.isin(rows.replies[[row for row, _ in held]], rows.replies[trained])
    yield from ((int(parts[row]), pair) for (row, pair), is_known in zip(held, known, strict=True) if is_known)


def _json(pair: Pair) -> bytes:
    """A pair with its history, in one line whatever reads it."""
    facts = {"utterance": pair.utterance, "reply": pair.reply, "history": pair.history, "place": pair.place}
    if pair.group:
        facts |= {"topic": pair.group.topic, "label": pair.group.label}
    text = json.dumps(facts, ensure_ascii=False).replace("\u2028", "\\u2028").replace("\x85", "\\u0085")
    return text.encode("utf-8", "backslashreplace") + b"\n"


def _changed(path: Path) -> CorpusError:
    return CorpusError("changed while it was being read", place=path, remedy="start again")
