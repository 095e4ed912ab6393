"""The split of a corpus into training, validation and test part: by a hash, without leaks, the same on every machine.

It is decided on 64-bit names of utterances and replies alone, so that it is the same code for forty pairs and for a billion.
"""

import hashlib
from collections.abc import Container, Iterable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from chatbot.corpus.folding import key
from chatbot.corpus.pairs import Pair
from chatbot.errors import CorpusError

VALID, TEST = 0.05, 0.05  # shares of the distinct utterances
MOST = 5000  # distinct utterances in each of them: more would only take time
FEWEST_UTTERANCES = 10
FEWEST_HELD_OUT = 20  # utterances; below it a score would say nothing
SHORT = 6  # bytes, such as "hi" and "thanks": nothing else tells what they mean, so they are learnt or never known
IN_TRAIN, IN_VALID, IN_TEST = range(3)

_STRIPE = 1 << 20  # rows looked at in one go

Names = NDArray[np.uint64]


@dataclass(frozen=True)
class Split:
    """The three parts of a corpus. In a corpus too small to hold anything out, all is in `train`."""

    train: list[Pair]
    valid: list[Pair]
    test: list[Pair]


@dataclass(frozen=True)
class Rows:
    """What the split must know of N pairs: the names of their utterances and replies, and of the units that some belong to."""

    utterances: Names  # (N,)
    replies: Names  # (N,)
    units: dict[int, int] = field(default_factory=dict)  # by row, of the rows that are members of a late-cue pair

    @classmethod
    def of(cls, pairs: Iterable[Pair]) -> "Rows":
        """The rows of some pairs."""
        pairs = list(pairs)
        # A tab, so that no utterance has the name of a unit.
        units = {row: int(names_of([f"{pair.group.unit}\t"])[0]) for row, pair in enumerate(pairs) if pair.group and pair.group.pair}
        return cls(names_of(pair.name for pair in pairs), names_of(key(pair.reply) for pair in pairs), units)


def names_of(texts: Iterable[str]) -> Names:
    """For each text 64 bits that stand for it, spread evenly, but in the upper half for one of SHORT bytes: that is never held out."""
    encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
    names = np.frombuffer(b"".join([hashlib.blake2b(text, digest_size=8).digest() for text in encoded]), ">u8").astype(np.uint64)
    return names | np.array([len(text) <= SHORT for text in encoded], np.uint64) << np.uint64(63)


def split_pairs(pairs: Iterable[Pair]) -> Split:
    """Splits 90 / 5 / 5 by a hash of the folded utterance, or of the filler words of a late-cue pair, so that both its members stay together.

    What is said in up to SHORT bytes is in the training part. A follow-up goes by its topic and its utterance: “yes” may be held out after one question and
    be trained on after another.

    Every distinct reply is in the training part, and no utterance is in two parts. Fewer than 20 distinct utterances held out are trained
    on instead, and more than 5,000 in a part are not held out. Raises CorpusError below 10 distinct utterances.
    """
    pairs = list(pairs)
    parts = split_rows(Rows.of(pairs), place=pairs[0].place.rpartition(":")[0] if pairs else None).tolist()
    split = Split([], [], [])
    lists = (split.train, split.valid, split.test)
    for pair, part in zip(pairs, parts, strict=True):
        lists[part].append(pair)
    return split


def split_rows(rows: Rows, *, place: object = None) -> NDArray[np.uint8]:
    """For each row IN_TRAIN, IN_VALID or IN_TEST, as `split_pairs` says. `place` is the corpus, for the error."""
    distinct = count_distinct(rows.utterances)
    if distinct < FEWEST_UTTERANCES:
        what = f"{distinct} distinct utterance{'s' * (distinct != 1)}, and {FEWEST_UTTERANCES} are the fewest to learn from"
        raise CorpusError(what, place=place, remedy="write more pairs")
    valid, test = (min(share, MOST / distinct) for share in (VALID, TEST))
    owners = _owners(rows)
    below_valid, below_test = np.uint64(valid * 2**64), np.uint64((valid + test) * 2**64)

    held = np.flatnonzero(owners < below_test)
    held_replies = np.unique(rows.replies[held])
    known = np.zeros(len(held_replies), bool)
    for start in range(0, len(owners), _STRIPE):
        stripe = slice(start, start + _STRIPE)
        known |= contains(rows.replies[stripe][owners[stripe] >= below_test], held_replies)
    trained = set(held_replies[known].tolist())
    stay = set()  # what would never be said stays in training, with all that it belongs to
    for reply, owner in zip(rows.replies[held].tolist(), owners[held].tolist(), strict=True):
        if reply not in trained:
            trained.add(reply)
            stay.add(owner)

    held = held[~np.isin(owners[held], np.array(list(stay), np.uint64))]
    parts = np.zeros(len(owners), np.uint8)
    if len(np.unique(rows.utterances[held])) >= FEWEST_HELD_OUT:
        parts[held] = np.where(owners[held] < below_valid, IN_VALID, IN_TEST)
    return parts


def unheard(pair: Pair, held_lines: Container[int]) -> Pair | None:
    """`pair` without the turns up to the last one that is held out, so that what is trained on does not hear it; None if it needs more than are left."""
    line = int(pair.place.rpartition(":")[2])  # its turns stand in the lines before it, without a gap
    turns = next((turn for turn in range(len(pair.history)) if line - 1 - turn in held_lines), len(pair.history))
    if pair.group and turns < pair.group.needs:
        return None
    return pair if turns == len(pair.history) else replace(pair, history=pair.history[len(pair.history) - turns :])


def count_distinct(names: Names) -> int:
    """How many different ones there are. Sorting ten million takes 0.2 s; np.unique hashes them, which takes 10."""
    ordered = np.sort(names)
    return int(np.count_nonzero(ordered[1:] != ordered[:-1])) + bool(len(ordered))


def contains(names: Names, asked: Names) -> NDArray[np.bool_]:
    """For each of the sorted `asked`, whether it is among `names`."""
    found = np.zeros(len(asked), bool)
    places = places_of(names, asked)
    found[places[places >= 0]] = True
    return found


def places_of(names: Names, ordered: Names) -> NDArray[np.int64]:
    """For each of `names` its place in `ordered`, which is sorted, or -1."""
    if not len(ordered):
        return np.full(len(names), -1)
    places = np.minimum(np.searchsorted(ordered, names), len(ordered) - 1)
    return np.where(ordered[places] == names, places, -1)


def _owners(rows: Rows) -> Names:
    """For each row the name of what stays together with it: its utterance, joined with the units of all late-cue pairs that it is in."""
    parent: dict[int, int] = {}

    def root(name: int) -> int:
        while parent.setdefault(name, name) != name:
            name = parent[name]
        return name

    members = rows.utterances[list(rows.units)].tolist()
    for utterance, unit in zip(members, rows.units.values(), strict=True):
        parent[root(utterance)] = root(unit)
    if not members:
        return rows.utterances
    joined = np.unique(np.array(members, np.uint64))
    roots = np.array([root(utterance) for utterance in joined.tolist()], np.uint64)
    places = places_of(rows.utterances, joined)
    return np.where(places >= 0, roots[places], rows.utterances)
