"""Who had heard what when it spoke: the race, which happens, the ladder, which only would have been, and what of it the listener heeded."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate, zip_longest

import regex
import torch

from chatbot.batches import Examples, Ragged, pad
from chatbot.bot import Bot, History
from chatbot.errors import PromptError
from chatbot.networks.seq2seq import Seq2Seq
from chatbot.networks.token_by_token import TokenByTokenRNN
from chatbot.records import Attention, Decoding, Influence, Ladder, Race, Reply, Rung, Step, Twins, shared
from chatbot.training.loss import target_logits
from chatbot.vocabulary import BOS, EOS

# A word is what stands between blanks; in scripts that write none between words, each character is one.
_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_WORD = regex.compile(rf"[{_UNSPACED}]\p{{M}}*|[^\s{_UNSPACED}]+")
_LAST_WORD = regex.compile(rf"(?:[{_UNSPACED}]\p{{M}}*|[^\W{_UNSPACED}](?:[^\s{_UNSPACED}]*[^\W{_UNSPACED}])?)(?=\W*$)")  # without the marks after it


def words(text: str) -> list[tuple[int, int]]:
    """Where each word of `text` begins and ends."""
    return [match.span() for match in _WORD.finditer(text)]


def with_ending(utterance: str, ending: str) -> str:
    """`utterance` with another last word; what stands after that word stays. Raises PromptError for the word that is there."""
    changed, times = _LAST_WORD.subn(lambda _: ending, utterance, count=1)
    if not times:
        return f"{utterance} {ending}"
    if changed.casefold() == utterance.casefold():
        raise PromptError(f"“{ending}” is the word that it ends in", remedy="take another")
    return changed


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
    silent = [None] * min(wait - 1, len(heard) if still_typing else wait - 1)
    both = zip_longest(heard, _numbers(heard), [*silent, *said])
    return Race("".join(heard), wait, tuple(Step(text or "", number or 0, piece) for text, number, piece in both), reply, listener)


def ladder(listener: Bot, utterance: str, decoding: Decoding | None = None, history: History = ()) -> Ladder:
    """What the listener would have said, had the person stopped after each word: all beginnings answered as one batch."""
    return ladders(listener, [utterance], decoding, [history])[0]


def ladders(listener: Bot, utterances: Sequence[str], decoding: Decoding | None = None, histories: Sequence[History] | None = None) -> list[Ladder]:
    """The ladder of each utterance. What several begin with, after the same turns, is answered once."""
    before = [tuple(history) for history in histories or [()] * len(utterances)]
    beginnings = [_beginnings(listener, utterance) for utterance in utterances]
    asked = list({(text, history): None for texts, history in zip(beginnings, before, strict=True) for text in texts})
    said = listener.replies([text for text, _ in asked], decoding, [history for _, history in asked])
    replies = {one: reply.text for one, reply in zip(asked, said, strict=True)}
    return [_ladder(listener, texts, [replies[text, history] for text in texts]) for texts, history in zip(beginnings, before, strict=True)]


def _beginnings(listener: Bot, utterance: str) -> list[str]:
    """The utterance as it is heard up to the end of each word, and last as it was typed."""
    whole = _heard(listener, utterance)
    return [*(whole[:end] for _, end in words(whole)[:-1]), utterance]


def _ladder(listener: Bot, beginnings: Sequence[str], replies: Sequence[str]) -> Ladder:
    """The ladder of what was answered to each beginning."""
    whole = _heard(listener, beginnings[-1])
    settled = next((number for number in range(len(replies), 1, -1) if replies[number - 2] != replies[-1]), 1)
    rungs = tuple(
        Rung(number, heard, reply, reply == replies[-1]) for number, (heard, reply) in enumerate(zip([*beginnings[:-1], whole], replies, strict=True), 1)
    )
    return Ladder(whole, rungs, settled)


def _heard(listener: Bot, utterance: str) -> str:
    """`utterance` as the listener hears it."""
    return listener.vocabulary.decode(listener.vocabulary.hear(utterance))


def twins(interrupter: Bot, first: Race, second: Race) -> Twins:
    """The two races of `interrupter` side by side."""
    return Twins(first, second, shared(*(interrupter.vocabulary.hear(race.utterance) for race in (first, second))))


def heeded(listener: Bot, utterance: str, reply: Reply, history: History = ()) -> Attention | Influence:
    """What of `utterance` the listener heeded in its `reply`: its attention where it has one, else the influence of each word.

    Raises PromptError for a reply that another bot gave, such as the one of that name before it was trained again.
    """
    assert isinstance(listener.network, Seq2Seq)
    if not all(0 <= piece < len(listener.vocabulary) for piece in reply.ids) or listener.text(reply.ids) != reply.raw:
        raise PromptError("another bot gave this reply", remedy="ask again to see what this one heeds")
    measure = influence if listener.network.attention is None else attention
    return measure(listener, utterance, reply, history)


@torch.inference_mode()
def attention(listener: Bot, utterance: str, reply: Reply, history: History = ()) -> Attention:
    """The weights that the decoder used when it said `reply`: the reply decoded at once gives those of decoding it step by step (law 1)."""
    network, vocabulary = listener.network, listener.vocabulary
    assert isinstance(network, Seq2Seq)
    heard = list(vocabulary.stream(vocabulary.hear(utterance)))
    source = listener.hear(utterance, history)
    earlier = len(source) - len(vocabulary.hear(utterance))
    tokens = pad([[BOS, *reply.ids[:-1]]], listener.device)  # (1, T)
    context = network.encode(pad([source], listener.device))
    if context.plan and reply.plan and 0 <= reply.plan.number < len(context.plan.told):
        context = context.decided(context.plan.only(tokens.new_tensor([reply.plan.number])))
    rows = network.attend(tokens, context)[0, : len(reply.ids)].tolist()
    said, last = list(vocabulary.stream(reply.ids)), max(0, len(reply.ids) - 1)
    return Attention(
        tuple(heard),
        tuple(_numbers(heard)),
        (*said[:last], "".join(said[last:])),  # a character that was broken off belongs to the last piece
        tuple(tuple(row[earlier:]) for row in rows),
        tuple(sum(row[:earlier]) for row in rows),
    )


@torch.inference_mode()
def influence(listener: Bot, utterance: str, reply: Reply, history: History = ()) -> Influence:
    """By how much the log-probability of `reply`, its plan included, falls when a word of `utterance` is left out, for each word: all scored as one batch."""
    vocabulary = listener.vocabulary
    pieces = vocabulary.hear(utterance)
    earlier = listener.hear(utterance, history)[: -len(pieces)]
    heard = list(vocabulary.stream(pieces))
    numbers = _numbers(heard)
    count = max(numbers)
    sources = [[*earlier, *(piece for piece, word in zip(pieces, numbers, strict=False) if word != left_out)] for left_out in range(count + 1)]
    said = [BOS, *reply.ids, *([EOS] if reply.finished else [])]
    batch = Examples.of(Ragged(sources, listener.device), Ragged([said] * len(sources), listener.device)).batch(torch.arange(len(sources)))
    context, planned = listener.network.encode(batch.source), torch.zeros(())
    if context.plan and reply.plan:
        number = torch.full((len(sources),), reply.plan.number, device=batch.source.device)
        planned = context.plan.logits.log_softmax(-1)[:, reply.plan.number]  # (B,)
        context = context.decided(context.plan.only(number))
    scores = (
        target_logits(listener.network, batch, context).log_softmax(-1).gather(2, batch.targets[:, :, None])
    )  # (B, T, 1): it is one reply, nothing is padded
    whole, *without = (planned + scores.sum((1, 2))).tolist()
    texts = ["".join(text for text, number in zip(heard, numbers, strict=True) if number == word).strip() for word in range(1, count + 1)]
    return Influence(tuple(texts), tuple(whole - score for score in without))


def _numbers(heard: Sequence[str]) -> list[int]:
    """The number of the word that each heard piece ends in."""
    starts = [start for start, _ in words("".join(heard))]
    return [max(1, bisect_right(starts, end - 1)) for end in accumulate(map(len, heard))]
