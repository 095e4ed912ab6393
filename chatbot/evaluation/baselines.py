"""What needs no network: the reply to the most similar utterance of the training part, and a linear classifier where replies repeat.

Both see an utterance as a bag of the letters of its words, one to four in a row, weighted by TF-IDF, and hear no turn before it.
N utterances of the training part, M asked, F kinds of letters in a row.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from chatbot.corpus.pairs import Pair
from chatbot.errors import OptionError

FEWEST = 5  # utterances that a class is learnt from
EPOCHS = 8
_AT_ONCE = 256  # utterances compared with all others

Class = tuple[str, ...]  # topic and label, or without topics the reply


def baselines(trained: Sequence[Pair], asked: Sequence[Pair], *, workers: int = 1) -> Iterator[tuple[str, list[str]]]:
    """Yields the name of each and its replies to the utterances of `asked`. Raises OptionError at once when scikit-learn is not installed."""
    try:
        from sklearn.feature_extraction.text import TfidfVectorizer
    except ImportError:
        raise OptionError("--neighbour needs scikit-learn, which is not installed", remedy="install it with `pip install 'chatbot[evaluate]'`") from None
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4), sublinear_tf=True, dtype=np.float32)
    return _answered(letters, trained, asked, workers)


def _answered(letters: Any, trained: Sequence[Pair], asked: Sequence[Pair], workers: int) -> Iterator[tuple[str, list[str]]]:
    known = list({pair.name: pair for pair in trained}.values())
    heard = letters.fit_transform([pair.utterance for pair in known])  # (N, F)
    new = letters.transform([pair.utterance for pair in asked])  # (M, F)
    yield "neighbour", [known[place].reply for place in _nearest(heard, new)]
    times = Counter(map(_class, known))
    taught = [place for place, pair in enumerate(known) if times[_class(pair)] >= FEWEST]
    if 2 * len(taught) > len(known) and len({_class(known[place]) for place in taught}) > 1:
        said: dict[Class, Counter[str]] = {}
        for pair in trained:
            said.setdefault(_class(pair), Counter())[pair.reply] += 1
        found = _classified(heard[taught], [_class(known[place]) for place in taught], new, workers)
        yield "classifier", [said[one].most_common(1)[0][0] for one in found]


def _class(pair: Pair) -> Class:
    """What a pair is an example of."""
    return (pair.group.topic, pair.group.label) if pair.group else (pair.reply,)


def _nearest(heard: Any, new: Any) -> Iterator[int]:
    """For each row of `new` (M, F) the place of the one in `heard` (N, F) at the least angle."""
    for start in range(0, new.shape[0], _AT_ONCE):
        yield from np.asarray((new[start : start + _AT_ONCE] @ heard.T).argmax(1)).ravel().tolist()


def _classified(heard: Any, classes: Sequence[Class], new: Any, workers: int) -> list[Class]:
    """The likeliest class of each row of `new` (M, F): logistic regression, each class against the rest."""
    from sklearn.linear_model import SGDClassifier

    numbers = {one: number for number, one in enumerate(dict.fromkeys(classes))}
    model = SGDClassifier(loss="log_loss", alpha=1e-5, max_iter=EPOCHS, tol=None, random_state=0, n_jobs=workers)
    model.fit(heard, [numbers[one] for one in classes])
    return [list(numbers)[number] for number in model.predict(new)]
