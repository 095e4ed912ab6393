"""What a bundle is asked: pairs that it was not trained on, and which replies to them are right."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from chatbot.bundle import Bundle
from chatbot.corpus.fingerprint import fingerprint
from chatbot.corpus.pairs import Pair, read_pairs
from chatbot.corpus.split import split_pairs
from chatbot.errors import CorpusError
from chatbot.evaluation.metrics import allowed_replies


@dataclass(frozen=True)
class Exam:
    """Pairs to be asked about, and the replies that are right for each `Pair.name`."""

    part: str  # "test": that of the corpus that the bundle was trained on; "all": another corpus
    pairs: Sequence[Pair]
    allowed: Mapping[str, tuple[str, ...]]


def exam(bundle: Bundle, corpus: Sequence[Path]) -> Exam:
    """What `corpus` holds to ask `bundle` about. Raises CorpusError for what cannot be heard, and when the bundle was trained on all of it."""
    details = bundle.details
    pairs = [pair for path in corpus for pair in read_pairs(path, history=details.history, alone=True)]
    allowed = allowed_replies(pairs)
    for pair in pairs:
        if len(bundle.vocabulary.hear(pair.utterance)) > details.utterance_limit:
            raise CorpusError(f"an utterance of more than {details.utterance_limit} pieces", place=f"{pair.place}:1", remedy="shorten it, or leave it out")
    if fingerprint(pairs) != details.fingerprint:
        return Exam("all", pairs, allowed)
    test = split_pairs(pairs).test if details.training.get("held_out", True) else []
    if not test:
        raise CorpusError("the bundle was trained on all of it", place=corpus[0], remedy="evaluate it on a file of pairs that it has not seen")
    return Exam("test", test, allowed)
