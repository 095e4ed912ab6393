"""Utterances that are held out and nearly trained on: alike but for punctuation, or for one word. Found by hashing, not by comparing all with all.

N utterances of W words together. The hash of an utterance is the sum of its words' hashes times powers of an odd number, modulo 2 ** 64, so that
the hash of what is left when one word goes is made of sums up to that word and from it on, for all words at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chatbot.corpus.split import Names, places_of
from chatbot.corpus.wording import MOST_WORDS

FEWEST_WORDS = 4  # in which one may differ: of shorter utterances each word counts
EXAMPLES = 5

_STRIPE = 1 << 17  # utterances looked at in one go
_BASE = 0x9E3779B97F4A7C15  # odd
_INVERSE = np.uint64(pow(_BASE, -1, 2**64))
_PLACE = np.uint64(0xD1B54A32D192ED03)


class Twin(NamedTuple):
    """The rows of a held-out utterance, and of one that is trained on and nearly the same."""

    held: int
    trained: int


@dataclass(frozen=True)
class Near:
    """How many distinct utterances are held out, how many of these are nearly trained on, and some of them."""

    held: int = 0
    punctuation: int = 0  # alike but for punctuation
    one_word: int = 0  # one word is another, or is there in one of the two only
    examples: tuple[Twin, ...] = ()


def _powers() -> Names:
    powers = [1]
    for _ in range(MOST_WORDS):
        powers.append(powers[-1] * _BASE % 2**64)
    return np.array(powers, np.uint64)


@dataclass(frozen=True)
class Signatures:
    """The hashes of N utterances, whole and without each of their W words."""

    whole: Names  # (N,)
    without: Names  # (W,)
    other: Names  # (W,) equal when just that word of the utterance is another
    owners: NDArray[np.int64]  # (W,) whose word it is
    long: NDArray[np.bool_]  # (W,) whether the utterance has so many words that one may differ

    @classmethod
    def of(cls, words: NDArray[np.uint32], counts: NDArray[np.int32], powers: Names) -> "Signatures":
        """Those of utterances whose words, joined, are `words`."""
        owners = np.repeat(np.arange(len(counts)), counts)  # (W,)
        ends = np.cumsum(counts, dtype=np.int64)  # (N,)
        starts = ends - counts
        places = np.arange(len(words)) - starts[owners]
        terms = _mixed(words) * powers[places]
        sums = np.concatenate((np.zeros(1, np.uint64), np.cumsum(terms, dtype=np.uint64)))  # modulo 2 ** 64
        whole = sums[ends] - sums[starts]
        before = sums[:-1] - sums[starts[owners]]
        without = before + (whole[owners] - before - terms) * _INVERSE
        return cls(whole, without, without + places.astype(np.uint64) * _PLACE + _PLACE, owners, counts[owners] >= FEWEST_WORDS)


def near(names: Names, words: NDArray[np.uint32], counts: NDArray[np.int32], held: NDArray[np.bool_], trained: NDArray[np.bool_]) -> Near:
    """What of the `held` (N,) utterances is nearly among those that are `trained` (N,) on; no utterance is among both.

    `names` (N,) are those of the split, `counts` (N,) says how many of the `words` each has.
    """
    powers = _powers()
    ends = np.cumsum(counts, dtype=np.int64)
    starts = ends - counts
    _, firsts = np.unique(names[held], return_index=True)
    rows = np.flatnonzero(held)[firsts]  # (H,) one for each distinct utterance
    rows = rows[counts[rows] > 0]
    if not len(rows):
        return Near(len(firsts))
    asked = Signatures.of(words[_joined(starts[rows], counts[rows])], counts[rows], powers)
    whole, less, other = _Table.of(asked.whole, np.arange(len(rows))), _Table.part(asked, asked.without), _Table.part(asked, asked.other)
    alike, worded = np.full(len(rows), -1), np.full(len(rows), -1)  # (H,) the row that is nearly the same
    for start in range(0, len(names), _STRIPE):
        chosen = np.arange(start, min(start + _STRIPE, len(names)))
        stripe = slice(starts[start], ends[chosen[-1]])
        found = Signatures.of(words[stripe], counts[chosen], powers)
        heard = trained[chosen] & (counts[chosen] > 0)
        for owner, row in whole.meet(found.whole, chosen, heard):
            alike[owner] = row
        of_words, long = chosen[found.owners], heard[found.owners] & found.long
        for table, signatures, theirs, which in (
            (other, found.other, of_words, long), (whole, found.without, of_words, long), (less, found.whole, chosen, heard),
        ):  # fmt: skip
            for owner, row in table.meet(signatures, theirs, which):
                worded[owner] = row
    worded[alike >= 0] = -1
    twins = [Twin(int(rows[owner]), int(row)) for nearly in (alike, worded) for owner, row in enumerate(nearly.tolist()) if row >= 0]
    step = max(1, len(twins) // EXAMPLES)
    return Near(len(firsts), int((alike >= 0).sum()), int((worded >= 0).sum()), tuple(twins[::step][:EXAMPLES]))


@dataclass(frozen=True)
class _Table:
    """Signatures of what is held out, and whose they are. Of equal ones one is enough to be found: each owner has others."""

    signatures: Names  # sorted, distinct
    first: NDArray[np.int64]  # where the owners of each begin in `owners`
    owners: NDArray[np.int64]

    @classmethod
    def of(cls, signatures: Names, owners: NDArray[np.int64]) -> "_Table":
        order = np.argsort(signatures, kind="stable")
        distinct, first = np.unique(signatures[order], return_index=True)
        return cls(distinct, np.append(first, len(order)), owners[order])

    @classmethod
    def part(cls, asked: Signatures, signatures: Names) -> "_Table":
        """Of the utterances that are long enough."""
        return cls.of(signatures[asked.long], asked.owners[asked.long])

    def meet(self, signatures: Names, rows: NDArray[np.int64], which: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
        """Yields an owner and a row for each signature that both have; of each signature the first row alone."""
        places = places_of(signatures[which], self.signatures)
        hit = places >= 0
        distinct, first = np.unique(places[hit], return_index=True)
        for place, row in zip(distinct.tolist(), rows[which][hit][first].tolist(), strict=True):
            for owner in self.owners[self.first[place] : self.first[place + 1]].tolist():
                yield owner, row


def _mixed(words: NDArray[np.uint32]) -> Names:
    """64 bits of each 32, spread evenly (splitmix64, Steele et al. 2014)."""
    z = words.astype(np.uint64) * np.uint64(_BASE) + _PLACE
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def _joined(starts: NDArray[np.int64], counts: NDArray[np.int32]) -> NDArray[np.int64]:
    """The places of all words of some utterances."""
    return np.repeat(starts - np.concatenate(([0], np.cumsum(counts)[:-1])), counts) + np.arange(int(counts.sum()))
