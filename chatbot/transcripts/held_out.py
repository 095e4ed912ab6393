"""Drafts of scenes from a corpus: what it holds out tests whether the bot has understood, what it trains on tests only its memory."""

from collections.abc import Iterator, Mapping, Sequence

from chatbot.corpus.folding import key
from chatbot.corpus.pairs import Pair
from chatbot.corpus.split import split_pairs
from chatbot.transcripts.drafts import HEAD, scene
from chatbot.transcripts.scenes import squeezed

OF_A_TOPIC = 2  # scenes
OF_NONE = 100

TRAINED = "# trained"


def drafts(pairs: Sequence[Pair], allowed: Mapping[str, Sequence[str]]) -> str:
    """A transcript of scenes of one turn, with the `allowed` replies of each `Pair.name`: two of each topic, or a hundred where there are none.

    They are of what is held out as far as there is any; the others are marked. Raises CorpusError for a corpus too small to train on.
    """
    split = split_pairs(pairs)
    scenes = (scene(title, lines) for title, lines in _chosen([*split.test, *split.valid], split.train, allowed))
    return "\n".join([HEAD, *scenes])


def _chosen(held_out: Sequence[Pair], trained: Sequence[Pair], allowed: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, list[str]]]:
    """Yields titles and lines, by topic in the order of the corpus."""
    held = {key(pair.utterance) for pair in held_out}
    chosen: dict[str, dict[str, Pair]] = {pair.group.topic if pair.group else "": {} for pair in (*trained, *held_out)}
    for pair in (*held_out, *trained):
        topic = pair.group.topic if pair.group else ""
        if len(chosen[topic]) < (OF_A_TOPIC if topic else OF_NONE):
            chosen[topic].setdefault(key(pair.utterance), pair)
    titles = set()
    for topic, theirs in chosen.items():
        for name, pair in theirs.items():
            title = f"{topic}: {name}" if topic else name
            if title not in titles:
                titles.add(title)
                marked = [] if name in held else [TRAINED]
                yield title, [*marked, f"> {pair.utterance}", *(f"< {squeezed(reply)}" for reply in allowed[pair.name])]
