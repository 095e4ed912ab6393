"""What a bot is worth on pairs it has not seen: perplexities, right, BLEU and chrF, how varied it is, and its late-cue pairs."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from chatbot.batches import Examples
from chatbot.bot import Bot, History
from chatbot.corpus.folding import key
from chatbot.corpus.pairs import Pair
from chatbot.evaluation.tally import Answers, Rows, Tally, perplexities, scorers
from chatbot.networks.token_by_token import TokenByTokenRNN
from chatbot.records import Decoding, Reply, shared
from chatbot.training.loss import log_probabilities

_LOGITS = 1024  # padded pieces scored at once: of more the logits are memory that is mapped anew for each batch, and a third slower


@dataclass(frozen=True)
class Perplexity:
    """Teacher-forced, without label smoothing, end-marks counted: nats summed over all pieces, then divided by what the name says."""

    per_piece: float  # pieces + 1 a reply
    per_word: float  # white-space words + 1 a reply
    bits_per_byte: float  # UTF-8 bytes + 1 a reply


@dataclass(frozen=True)
class LatePairs:
    """Pairs of utterances alike up to the last word, with allowed replies that differ."""

    pairs: int
    right: float  # the share of pairs of which both members are right
    late: int  # those that the interrupter loses by law: its reply must differ before it can have heard the cue
    late_right: float  # of these; for an interrupter 0 is a law, not a finding
    wait: int = 1  # of the interrupter whose law it is: its own where one was asked


@dataclass(frozen=True)
class EarlyPairs:
    """Pairs of utterances alike but for what they begin with: whoever hears that first can answer at once."""

    pairs: int
    right: float  # the share of pairs of which both members are right


@dataclass(frozen=True)
class Place:
    """What is asked at one place of a conversation."""

    utterances: int
    right: float  # the share of them whose whole greedy reply the corpus allows


@dataclass(frozen=True)
class Scores:
    """All of it, for one network on one set of pairs."""

    pairs: int
    utterances: int  # distinct, or with another history
    perplexity: Perplexity
    right: float  # the share of utterances whose whole greedy reply the corpus allows
    bleu: float
    bleu_signature: str
    chrf: float
    chrf_signature: str
    intervals: Mapping[str, tuple[float, float]]  # where each of these lies in 95 of 100 draws of the utterances
    distinct_1: float  # distinct words / words, of the replies
    distinct_2: float  # the same of two words in a row
    length: float  # words of a reply, on average
    commonest: str  # the reply given most often
    commonest_share: float
    late: LatePairs | None = None
    early: EarlyPairs | None = None
    places: Mapping[str, Place] = field(default_factory=dict)  # of a bot that hears turns before: as `places` gives them


def allowed_replies(pairs: Iterable[Pair]) -> dict[str, tuple[str, ...]]:
    """For each `Pair.name` the replies that count as right: those of its topic and label, or without topics those given to it."""
    owners: dict[str, dict[tuple[str, ...], None]] = {}
    replies: dict[tuple[str, ...], dict[str, None]] = {}
    for pair in pairs:
        name = pair.name
        owner = (pair.group.topic, pair.group.label) if pair.group else (name,)
        owners.setdefault(name, {}).setdefault(owner)
        replies.setdefault(owner, {}).setdefault(pair.reply)
    return {name: tuple(dict.fromkeys(reply for owner in those for reply in replies[owner])) for name, those in owners.items()}


def is_right(reply: str, allowed: Iterable[str]) -> bool:
    """Whether the whole reply is an allowed one, after NFC, case folding and squeezed blanks."""
    return key(reply) in {key(one) for one in allowed}


def evaluate(bot: Bot, pairs: Sequence[Pair], allowed: Mapping[str, tuple[str, ...]], decoding: Decoding | None = None) -> Scores:
    """Scores `bot` on `pairs`; `allowed` names the replies that are right for each `Pair.name`, as `allowed_replies` gives them.

    Each utterance is asked once after each of its histories. A member of a pair is right when it is right after all of them.
    """
    given = answers(bot, pairs, allowed, decoding)
    return scores(given, Tally.of(given, allowed, pairs, losses(bot, pairs)), bot, pairs, allowed)


def answers(bot: Bot, pairs: Sequence[Pair], allowed: Mapping[str, tuple[str, ...]], decoding: Decoding | None = None) -> Answers:
    """What `bot` replies to each utterance after each of its histories."""
    asked = distinct_pairs(pairs)
    return judged(asked, bot.replies([pair.utterance for pair in asked], decoding, [pair.history for pair in asked]), allowed)


def distinct_pairs(pairs: Iterable[Pair]) -> list[Pair]:
    """One pair for each utterance and history."""
    return list({(pair.name, pair.history): pair for pair in pairs}.values())


def judged(asked: Sequence[Pair], replies: Sequence[Reply], allowed: Mapping[str, tuple[str, ...]]) -> Answers:
    """Those replies, and whether each is right."""
    return Answers(asked, replies, [is_right(reply.text, allowed[pair.name]) for pair, reply in zip(asked, replies, strict=True)])


def scores(given: Answers, tally: Tally, bot: Bot, pairs: Sequence[Pair], allowed: Mapping[str, tuple[str, ...]], *, wait: int = 1) -> Scores:
    """All that can be said of the answers `given`; `bot` cuts replies into pieces, and `wait` is that of `late_pairs`."""
    found = tally.figures
    bleu, chrf = scorers()
    replies = [reply.text for reply in given.replies]
    commonest, times = Counter(replies).most_common(1)[0]
    wrong = {pair.name for pair, is_it in zip(given.asked, given.right, strict=True) if not is_it}
    members = {pair.name: pair.name not in wrong for pair in given.asked}
    return Scores(
        pairs=len(pairs),
        utterances=len(given.asked),
        perplexity=Perplexity(found.per_piece, found.per_word, found.bits_per_byte),
        right=found.right,
        bleu=found.bleu,
        bleu_signature=str(bleu.get_signature()),
        chrf=found.chrf,
        chrf_signature=str(chrf.get_signature()),
        intervals=tally.intervals(),
        distinct_1=distinct(replies, 1),
        distinct_2=distinct(replies, 2),
        length=sum(len(reply.split()) for reply in replies) / len(replies),
        commonest=commonest,
        commonest_share=times / len(replies),
        late=late_pairs(bot, pairs, allowed, members, wait=wait),
        early=early_pairs(pairs, members),
        places=places(given),
    )


def places(given: Answers) -> dict[str, Place]:
    """The answers by where they were asked: `said_first`, `after_a_turn` without need of it, or as one of the `follow_ups`.

    Nothing where no turn was heard before.
    """
    if not any(pair.history for pair in given.asked):
        return {}
    right: dict[str, list[bool]] = {"said_first": [], "after_a_turn": [], "follow_ups": []}
    for pair, is_it in zip(given.asked, given.right, strict=True):
        right["follow_ups" if pair.group and pair.group.needs else "after_a_turn" if pair.history else "said_first"].append(is_it)
    return {place: Place(len(those), sum(those) / len(those)) for place, those in right.items() if those}


def perplexity(bot: Bot, pairs: Sequence[Pair]) -> Perplexity:
    """The three perplexities of `pairs` under `bot`."""
    return Perplexity(*perplexities(losses(bot, pairs).sum(0)))


def losses(bot: Bot, pairs: Sequence[Pair]) -> Rows:
    """(P, 4): the nats of each pair's reply under `bot`, and its pieces, white-space words and UTF-8 bytes, each + 1 for the end.

    Of a reply with characters that the vocabulary cannot write, what it can write counts.
    """
    examples = bot.numbered(Examples(pairs, bot.vocabulary, bot.device))
    nats = -log_probabilities(bot.network, examples, budget=_LOGITS).double().numpy()
    pieces = examples.target.lengths.numpy() - 1  # BOS is not said
    scored = list(map(bot.vocabulary.decode, examples.target.rows()))
    return np.column_stack([nats, pieces, [len(reply.split()) + 1 for reply in scored], [len(reply.encode()) + 1 for reply in scored]])


def distinct(replies: Iterable[str], length: int) -> float:
    """Distinct runs of `length` words / all of them (Li et al. 2016, distinct-n)."""
    runs: Counter[tuple[str, ...]] = Counter()
    for reply in replies:
        words = reply.split()
        runs.update(tuple(words[place : place + length]) for place in range(len(words) - length + 1))
    return len(runs) / max(1, runs.total())


def late_pairs(bot: Bot, pairs: Iterable[Pair], allowed: Mapping[str, tuple[str, ...]], right: Mapping[str, bool], *, wait: int = 1) -> LatePairs | None:
    """How many pairs of late-cue utterances `bot` has right; None when `pairs` holds none. `right` says it for each folded utterance.

    Which are late by definition is told for an interrupter's own wait, and for who is none by that of the interrupter beside it, `wait`.
    """
    both = [twins for twins in twins_among(pairs) if not begin_differently(*twins)]
    if not both:
        return None
    won = [right[key(first)] and right[key(second)] for first, second in both]
    wait, said_after = bot.network.wait if isinstance(bot.network, TokenByTokenRNN) else wait, histories(pairs)
    late = [is_late(bot, first, second, allowed, wait=wait, said_after=said_after) for first, second in both]
    late_won = sum(one and is_it for one, is_it in zip(won, late, strict=True))
    return LatePairs(len(both), sum(won) / len(both), sum(late), late_won / max(1, sum(late)), wait)


def early_pairs(pairs: Iterable[Pair], right: Mapping[str, bool]) -> EarlyPairs | None:
    """How many pairs whose first word decides are right; None when `pairs` holds none. `right` is as for `late_pairs`."""
    both = [twins for twins in twins_among(pairs) if begin_differently(*twins)]
    return EarlyPairs(len(both), sum(right[key(first)] and right[key(second)] for first, second in both) / len(both)) if both else None


def twins_among(pairs: Iterable[Pair]) -> list[tuple[str, str]]:
    """The two utterances of each pair of a topic with endings."""
    members: dict[str, dict[str, str]] = {}
    for pair in pairs:
        if pair.group and pair.group.pair:
            members.setdefault(pair.group.pair, {})[pair.group.label] = pair.utterance
    return [tuple(labels.values()) for labels in members.values() if len(labels) == 2]  # type: ignore[misc]


def begin_differently(first: str, second: str) -> bool:
    """Whether the first words of two utterances are not the same."""
    return first.split()[0] != second.split()[0]


def histories(pairs: Iterable[Pair]) -> dict[str, set[History]]:
    """For each `Pair.name` the turns after which it is said."""
    found: dict[str, set[History]] = {}
    for pair in pairs:
        found.setdefault(pair.name, set()).add(pair.history)
    return found


def is_late(
    bot: Bot,
    first: str,
    second: str,
    allowed: Mapping[str, tuple[str, ...]],
    *,
    wait: int = 1,
    said_after: Mapping[str, set[History]] | None = None,
) -> bool:
    """Whether no reply that is right for one utterance can be told from one for the other before the cue is heard: wait - 1 + d <= p.

    p is the number of source pieces that the two utterances share, d the piece at which their allowed replies first differ, from 1: the
    farthest such piece over all combinations of a reply to one and a reply to the other. A reply that is right for both tells nothing: no
    pair with such a reply is late. Replies are taken as the vocabulary cuts them; a network that spells a word in smaller pieces differs later.
    Where `histories` tell after what both are said, there must be turns that come before both: who has heard others may begin otherwise.
    """
    if said_after is not None and not said_after[key(first)] & said_after[key(second)]:
        return False
    if {key(reply) for reply in allowed[key(first)]} & {key(reply) for reply in allowed[key(second)]}:
        return False
    encode = bot.vocabulary.encode
    p = shared(bot.vocabulary.hear(first), bot.vocabulary.hear(second))
    d = max(1 + shared(encode(one), encode(other)) for one in allowed[key(first)] for other in allowed[key(second)])
    return wait - 1 + d <= p
