"""The split of a corpus into training, validation and test part: by a hash, without leaks, the same on every machine."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b

from chatbot.corpus.folding import key
from chatbot.corpus.pairs import Pair
from chatbot.errors import CorpusError

VALID, TEST = 0.05, 0.05
FEWEST_UTTERANCES = 10
FEWEST_HELD_OUT = 20  # utterances; below it a score would say nothing


@dataclass(frozen=True)
class Split:
    """The three parts of a corpus. In a corpus too small to hold anything out, all is in `train`."""

    train: list[Pair]
    valid: list[Pair]
    test: list[Pair]


def split_pairs(pairs: Iterable[Pair]) -> Split:
    """Splits 90 / 5 / 5 by a hash of the folded utterance, or of the filler words of a late-cue pair, so that both its members stay together.

    Every distinct reply is in the training part, and no utterance is in two parts. Fewer than 20 distinct utterances held out are trained
    on instead. Raises CorpusError below 10 distinct utterances.
    """
    pairs = list(pairs)
    keys = [key(pair.utterance) for pair in pairs]
    distinct = len(set(keys))
    if distinct < FEWEST_UTTERANCES:
        raise CorpusError(
            f"{distinct} distinct utterance{'s' * (distinct != 1)}, and {FEWEST_UTTERANCES} are the fewest to learn from",
            place=pairs[0].place.rpartition(":")[0] if pairs else None,
            remedy="write more pairs",
        )
    owners = _owners(pairs, keys)
    share = {owner: _share(owner) for owner in set(owners)}

    trained_replies = {key(pair.reply) for pair, owner in zip(pairs, owners, strict=True) if share[owner] >= VALID + TEST}
    for pair, owner in zip(pairs, owners, strict=True):  # what would never be said stays in training, with all that it belongs to
        if key(pair.reply) not in trained_replies:
            share[owner] = 1.0
            trained_replies.add(key(pair.reply))

    held_out = {name for name, owner in zip(keys, owners, strict=True) if share[owner] < VALID + TEST}
    if len(held_out) < FEWEST_HELD_OUT:
        return Split(pairs, [], [])
    parts: Split = Split([], [], [])
    for pair, owner in zip(pairs, owners, strict=True):
        part = parts.valid if share[owner] < VALID else parts.test if share[owner] < VALID + TEST else parts.train
        part.append(pair)
    return parts


def _owners(pairs: list[Pair], keys: list[str]) -> list[str]:
    """For each pair the name of what stays together with it: its utterance, joined with the units of all late-cue pairs that it is in."""
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.setdefault(name, name) != name:
            name = parent[name]
        return name

    for pair, name in zip(pairs, keys, strict=True):
        if pair.group and pair.group.pair:
            parent[root(name)] = root(f"{pair.group.unit}\t")  # a tab, so that no utterance has the name of a unit
    return [root(name) for name in keys]


def _share(owner: str) -> float:
    """Where a hash puts `owner` in [0, 1)."""
    return int.from_bytes(blake2b(owner.encode("utf-8", "surrogatepass"), digest_size=8).digest()) / 2**64
