"""Who had heard what when it spoke: the race, which happens, and the ladder, which only would have been."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate, zip_longest

import regex

from chatbot.bot import Bot, History
from chatbot.networks.token_by_token import TokenByTokenRNN
from chatbot.records import Decoding, Ladder, Race, Reply, Rung, Step

# A word is what stands between blanks; in scripts that write none between words, each character is one.
_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_WORD = regex.compile(rf"[{_UNSPACED}]\p{{M}}*|[^\s{_UNSPACED}]+")


def words(text: str) -> list[tuple[int, int]]:
    """Where each word of `text` begins and ends."""
    return [match.span() for match in _WORD.finditer(text)]


def race(
    interrupter: Bot,
    utterance: str,
    decoding: Decoding | None = None,
    history: History = (),
    *,
    listener: Reply | None = None,
    still_typing: bool = False,
) -> Race:
    """The race over `utterance`: the interrupter, whose network is a TokenByTokenRNN, says a piece for each piece that it hears.

    While the person is `still_typing`, `utterance` holds finished words and the interrupter is asked for no more than it can say having heard
    them: that will stand whatever comes after (the prefix law). A beam looks ahead, which it cannot: it is greedy then.
    """
    assert isinstance(interrupter.network, TokenByTokenRNN)
    wait, vocabulary = interrupter.network.wait, interrupter.vocabulary
    decoding = decoding or Decoding()
    heard = list(vocabulary.stream(vocabulary.hear(utterance)))
    whole_limit = decoding.limit or interrupter.reply_limit
    limit = min(whole_limit, len(heard) - wait + 1) if still_typing else whole_limit
    reply, said = Reply("", 0.0, 0, 0.0, finished=False), list[str]()
    if limit > 0:
        *chunks, last = interrupter.stream(utterance, replace(decoding, limit=limit), history)
        assert isinstance(last, Reply)
        said = [str(chunk) for chunk in chunks]
        if len(said) > limit:  # a character was broken off; if only for want of heard pieces, it may still be finished
            said = [*said[: limit - 1], said[limit - 1] + (said[limit] if limit == whole_limit else "")]
        reply = replace(last, text="".join(said)) if still_typing else last
    whole = "".join(heard)
    starts = [start for start, _ in words(whole)]
    numbers = [max(1, bisect_right(starts, end - 1)) for end in accumulate(map(len, heard))]  # of the word that each piece ends in
    silent = [None] * min(wait - 1, len(heard) if still_typing else wait - 1)
    both = zip_longest(heard, numbers, [*silent, *said])
    return Race(whole, wait, tuple(Step(text or "", number or 0, piece) for text, number, piece in both), reply, listener)


def ladder(listener: Bot, utterance: str, decoding: Decoding | None = None, history: History = ()) -> Ladder:
    """What the listener would have said, had the person stopped after each word: all beginnings answered as one batch."""
    vocabulary = listener.vocabulary
    whole = vocabulary.decode(vocabulary.hear(utterance))
    beginnings = [whole[:end] for _, end in words(whole)] or [whole]
    beginnings[-1] = utterance
    replies = [reply.text for reply in listener.replies(beginnings, decoding, [history] * len(beginnings))]
    settled = next((number for number in range(len(replies), 1, -1) if replies[number - 2] != replies[-1]), 1)
    rungs = tuple(
        Rung(number, heard, reply, reply == replies[-1]) for number, (heard, reply) in enumerate(zip([*beginnings[:-1], whole], replies, strict=True), 1)
    )
    return Ladder(whole, rungs, settled)


def shared(first: Sequence[object], second: Sequence[object]) -> int:
    """How many pieces two sequences have in common from the beginning."""
    return next((place for place, (one, other) in enumerate(zip(first, second, strict=False)) if one != other), min(len(first), len(second)))
