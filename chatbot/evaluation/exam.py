"""What a bundle is asked: pairs that it was not trained on, which replies to them are right, and how much of them it may know all the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import regex

from chatbot.bundle import Bundle, Details
from chatbot.corpus.fingerprint import fingerprint
from chatbot.corpus.folding import key
from chatbot.corpus.pairs import Pair, read_pairs
from chatbot.corpus.split import split_pairs, unheard
from chatbot.errors import CorpusError, OptionError
from chatbot.evaluation.metrics import allowed_replies
from chatbot.records import plural

_MARKS = regex.compile(r"[^\p{L}\p{M}\p{N}]+")


@dataclass(frozen=True)
class Exam:
    """Pairs to be asked about, the replies that are right for each `Pair.name`, and what the bundle was trained on as far as that is known."""

    part: str  # "test": that of the corpus that the bundle was trained on; "all": another corpus
    pairs: Sequence[Pair]
    allowed: Mapping[str, tuple[str, ...]]
    trained: Sequence[Pair] = ()


@dataclass(frozen=True)
class Leaks:
    """How much of what is asked stands in the training part as well."""

    trained: int  # pairs of the training part
    utterances: int  # asked
    same: int  # of these stand there, folded
    nearly: int  # and so many are alike but for marks and blanks
    pairs: int  # pairs asked that stand there with their reply


def exam(bundle: Bundle, corpus: Sequence[Path], trained_on: Sequence[Path] = (), *, against: Bundle | None = None) -> Exam:
    """What `corpus` holds to ask `bundle`, and the one it is set `against`; it was `trained_on` these, on all of them unless it is known which part.

    Raises CorpusError for what cannot be heard and when a bundle was trained on all of it, and OptionError for bundles that hear other histories.
    """
    details = bundle.details
    bundles = [bundle, against] if against else [bundle]
    if against and against.details.history != details.history:
        hear = f"{bundle.name} hears {plural(details.history, 'earlier turn')} and {against.name} {against.details.history}"
        raise OptionError(f"--against: {hear}", remedy="compare bundles that were trained with the same --history")
    pairs, trained = (_read(paths, details) for paths in (corpus, trained_on))
    owners = [one for one in bundles if _is_of(pairs, one)]
    for one in bundles:
        if one not in owners:
            _hear(one, pairs)
    allowed = allowed_replies(pairs)
    if _is_of(trained, bundle):
        trained = [] if bundle in owners else _parts(trained, bundle)[0]
    if not owners:
        return Exam("all", pairs, allowed, trained)
    own, test = _parts(pairs, *owners)
    test = [pair for pair in test if all(_fits(pair, owner) for owner in owners)]
    if not test:
        raise CorpusError("the bundle was trained on all of it", place=corpus[0], remedy="evaluate it on a file of pairs that it has not seen")
    return Exam("test", test, allowed, [*own, *trained] if bundle in owners else trained)


def leaks(asked: Exam) -> tuple[Leaks, frozenset[str]]:
    """What of the exam stands in the training part as well, and the names of those utterances."""
    names = {pair.name for pair in asked.pairs}
    known = {pair.name for pair in asked.trained}
    letters = set(map(_letters, known))
    same = names & known
    nearly = {name for name in names - known if _letters(name) in letters}
    both = {(pair.name, key(pair.reply)) for pair in asked.trained}
    pairs = sum((pair.name, key(pair.reply)) in both for pair in asked.pairs)
    return Leaks(len(asked.trained), len(names), len(same), len(nearly), pairs), frozenset(same | nearly)


def _letters(name: str) -> str:
    """The letters and digits of a name; all of it where it has none."""
    return _MARKS.sub("", name) or name


def _read(corpus: Sequence[Path], details: Details) -> list[Pair]:
    return [pair for path in corpus for pair in read_pairs(path, history=details.history, alone=True)]


def _hear(bundle: Bundle, pairs: Sequence[Pair]) -> None:
    """Raises CorpusError for an utterance that is too long for `bundle`."""
    limit = bundle.details.utterance_limit
    for pair in pairs:
        if len(bundle.vocabulary.hear(pair.utterance)) > limit:
            raise CorpusError(f"an utterance of more than {limit} pieces", place=f"{pair.place}:1", remedy="shorten it, or leave it out")


def _fits(pair: Pair, bundle: Bundle) -> bool:
    """Whether neither side is too long for `bundle`. Training has left the others out, aloud."""
    sides = bundle.vocabulary.hear(pair.utterance), bundle.vocabulary.encode(pair.reply)
    return max(map(len, sides)) <= bundle.details.utterance_limit


def _is_of(pairs: Sequence[Pair], bundle: Bundle) -> bool:
    """Whether these are the pairs that the bundle was made of."""
    return fingerprint(pairs) == bundle.details.fingerprint


def _parts(pairs: list[Pair], *owners: Bundle) -> tuple[list[Pair], list[Pair]]:
    """The training part and the test part of the pairs that these bundles were made of: nothing that is trained on hears what is held out, as in `chatbot train`."""
    if not all(owner.details.training.get("held_out", True) for owner in owners):
        return pairs, []
    split = split_pairs(pairs)
    if not any(pair.history for pair in split.train):
        return split.train, split.test
    held: dict[str, set[int]] = {}
    for pair in (*split.valid, *split.test):
        path, _, line = pair.place.rpartition(":")
        held.setdefault(path, set()).add(int(line))
    trained = [left for pair in split.train if (left := unheard(pair, held.get(pair.place.rpartition(":")[0], ())))]
    replies = {key(pair.reply) for pair in trained}
    return trained, [pair for pair in split.test if key(pair.reply) in replies]
