"""Words that a bot has never heard, taken for words that it has: a slip of one key is what goes wrong most often where people type.

After Norvig (2007), "How to Write a Spelling Corrector": of all that is one slip away from the unknown word, the commonest that is known. Each
word is mended by itself, so what was heard of a sentence stays the same while it grows.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache

SHORTEST, LONGEST = 3, 40  # letters of a word that is mended; of a longer one there are too many slips to look at
MOST = 50_000  # words that are known

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


class Spelling:
    """Knows `words`, in lower case and the commonest first."""

    def __init__(self, words: Iterable[str]) -> None:
        self.words = tuple(words)
        self._rank = {word: rank for rank, word in enumerate(self.words)}
        self._letters = sorted({letter for word in self.words for letter in word})
        self._heard = lru_cache(10_000)(self._hear)

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Spelling":
        """Knows the words of `texts`, of very many the commonest."""
        times = Counter(word.lower() for text in texts for word in _WORD.findall(text))
        return cls(word for word, _ in times.most_common(MOST))

    def mended(self, text: str) -> str:
        """`text` with each unknown word as the known one, or the known two, that are one slip away; what has none stays as it is.

        Only words of letters that have two cases, which a key writes each; the case of the first stays.
        """
        return _WORD.sub(lambda match: self._heard(match[0]), text)

    def _hear(self, word: str) -> str:
        low = word.lower()
        if not SHORTEST <= len(low) <= LONGEST or low in self._rank or low == word.upper():
            return word
        ranked = [(self._rank[known], known) for known in self._slips(low) if known in self._rank]
        for place in range(1, len(low)):
            two = low[:place], low[place:]
            if all(known in self._rank for known in two):
                ranked.append((max(self._rank[known] for known in two), " ".join(two)))  # two words are as common as the rarer of them
        if not ranked:
            return word
        _, known = min(ranked)
        return known[0].upper() + known[1:] if word[0].isupper() else known

    def _slips(self, word: str) -> Iterator[str]:
        """All that is a letter too few, too many or wrong, or two that changed places, away from `word`."""
        for place in range(len(word) + 1):
            before, after = word[:place], word[place:]
            if after:
                yield before + after[1:]
            if len(after) > 1:
                yield before + after[1] + after[0] + after[2:]
            for letter in self._letters:
                yield before + letter + after
                if after:
                    yield before + letter + after[1:]
