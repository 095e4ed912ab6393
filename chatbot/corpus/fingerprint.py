"""The fingerprint of a corpus: two corpora with the same one have the same pairs in the same order, and so the same split."""

import hashlib
from collections.abc import Iterable

from chatbot.corpus.pairs import Pair

SIZE = 8  # bytes of the digest of a pair


def fingerprint(pairs: Iterable[Pair]) -> str:
    """sha256 of the digests of the pairs, in their order; so the digests can be made anywhere."""
    whole = hashlib.sha256()
    for pair in pairs:
        whole.update(digest(pair))
    return whole.hexdigest()


def digest(pair: Pair) -> bytes:
    """What a pair says, what it belongs to, and how many turns were before it, in SIZE bytes."""
    topic, late, label, needs = pair.group or ("", "", "", 0)
    text = f"{pair.utterance}\t{pair.reply}\t{topic}\t{late}\t{label}\t{len(pair.history)}"
    if needs:  # most corpora have none, and what was counted before there were any stays valid
        text += f"\t{needs}"
    return hashlib.blake2b(text.encode(), digest_size=SIZE).digest()
