"""Sentences about the pictures, made from counts: the screen and the plain mode say the same, and neither says who is better."""

import math
import unicodedata
from collections.abc import Sequence

from chatbot.errors import OptionError
from chatbot.records import Attention, BotCard, Influence, Ladder, Race, Twins, plural, whole_number

NO_INTERRUPTER = "This bundle has no interrupter, so there is no race."
SPOKEN = 3  # words of a beginning that a sentence repeats


def welcome(card: BotCard | None) -> str:
    """What an empty chat says; `card` is None while the bot is loaded."""
    if card is None:
        return "loading … you can already type"
    hints = [
        "Two networks learned from the same conversations. Type slowly and watch the panel (F2 hides and shows it): the interrupter has to answer while you are still "
        "typing, and cannot take a word back; the listener, your bot, waits until you have finished. F10 is a tour of five minutes."
    ]
    return "\n\n".join([*(hints if card.waits else []), "Say something, or try one of these (click, or ↑):" if card.examples else "Say something."])


def caption(race: Race) -> str:
    """How much the interrupter had heard when it began."""
    heard, words = race.heard_at_first_word, len(race.words)
    if not heard:
        return "The interrupter said nothing."
    kept = ", and it could not take that word back" if heard < words else ""
    return f"When it said its first word, the interrupter had heard {heard} of {plural(words, 'word')}{kept}."


def mistaken(typed: str, heard: str) -> str:
    """What was heard, where that is not what was typed: a word that a bot does not know is taken for one that it knows."""
    return "" if _letters(typed) == _letters(heard) else f"heard as “{heard.strip()}”"


def settled(ladder: Ladder) -> str:
    """After how many words the listener's reply no longer changed."""
    return f"settled after {ladder.settled} of {plural(len(ladder.rungs), 'word')}"


def twins_caption(twins: Twins) -> str:
    """Why the interrupter says the same to both, and for how long."""
    heard, bound, said = (plural(count, "piece") for count in (twins.heard_alike, twins.bound, twins.said_alike))
    return f"Up to the last word both are the same {heard}, so the interrupter's replies cannot differ in the first {bound}; they are alike in {said}."


def named(pieces: Sequence[str]) -> list[str]:
    """Pieces as people read them: without the blank in front, with a hyphen where they go on with a word; a blank by itself as ␣."""
    names = []
    for before, piece in zip(["", *pieces], pieces, strict=False):
        goes_on = piece[:1].isalnum() and before.strip() and not before[-1].isspace()
        names.append(f"-{piece}" if goes_on else piece.strip() or "␣")
    return names


def spoken(race: Race) -> list[str]:
    """What the interrupter said on each word, and last after the end, as people read it; "" where it said nothing."""
    parts = [*(beat.said for beat in race.words), race.afterwards]
    names = iter(named([part for part in parts if part.strip()]))
    return [next(names) if part.strip() else "" for part in parts]


def looked_at_most(attention: Attention, earlier: str) -> list[str]:
    """For each piece of the reply the word that it looked at most, behind its number; `earlier` where it looked more at the turns before."""
    words, rows = attention.heard_words, zip(attention.by_word, attention.before, strict=True)
    return [earlier if before > max(row) else f"{row.index(max(row)) + 1} {words[row.index(max(row))]}" for row, before in rows]


def tenths(share: float) -> str:
    """A share of one as a digit, which is readable without its colour."""
    return str(int(10 * share + 0.5)) if share >= 0.05 else "·"


def times(fall: float) -> str:
    """How many times as likely a reply is whose log-probability falls by `fall`."""
    return f"× {math.exp(min(-fall, 9.0)):.2f}"


def finished_words(draft: str) -> str:
    """The words of a draft that are finished: up to the last blank.

    The vocabulary cuts a growing word anew with each letter, and what the interrupter has said may not change.
    """
    cut = max((place for place, character in enumerate(draft) if character.isspace()), default=-1)
    return draft[: cut + 1].strip()


def chosen_wait(waits: tuple[int, ...], wanted: int | None) -> int | None:
    """The interrupter to race with: the wanted one, else the bundle's first; None when there is none to choose."""
    return wanted if wanted in waits else waits[0] if waits else None


def wanted_wait(waits: tuple[int, ...], pieces: str) -> int:
    """The interrupter that hears so many `pieces` before its first. Raises OptionError when there is none among `waits`."""
    if (wait := whole_number(pieces)) in waits:
        return wait
    has = f"it has {', '.join(map(str, waits))}" if waits else "it has none"
    raise OptionError(f"no interrupter with wait “{pieces}” in this bundle" if pieces else "say how many pieces, such as /wait 1", remedy=has)


def no_race(waits: tuple[int, ...], then: str) -> str:
    """Why there is no race to show: there never will be, or there is one `then`."""
    return f"There is no race yet: {then}." if waits else NO_INTERRUPTER


def race_sentences(race: Race) -> list[str]:
    """The race for the ear: a sentence for each word on which the interrupter spoke, what it said after the end, and the caption."""
    sentences = []
    heard: list[str] = []
    for beat in race.words:
        heard.append(beat.heard.strip())
        if beat.said.strip():
            sentences.append(f'After "{_ending(heard)}" the interrupter says "{beat.said.strip()}".')
    if race.afterwards.strip():
        sentences.append(f'After the end the interrupter says "{race.afterwards.strip()}".')
    return [*sentences, caption(race)]


def ladder_sentences(ladder: Ladder) -> list[str]:
    """The ladder for the ear: a sentence for each beginning, and where the reply settled."""
    sentences = [f'Had you stopped after "{_ending(rung.heard.split())}", the listener would have said "{rung.reply.strip()}".' for rung in ladder.rungs]
    return [*sentences, f"The listener's reply {settled(ladder)}."]


def heed_sentences(heed: Attention | Influence) -> list[str]:
    """The three words that the listener heeded most, for the ear."""
    if isinstance(heed, Influence):
        order = sorted(range(len(heed.falls)), key=lambda place: -heed.falls[place])[:SPOKEN]
        return [f'Had it not heard "{heed.heard_words[place]}", the reply would be {times(heed.falls[place])} as likely.' for place in order]
    shares = [sum(column) / len(heed.said) for column in zip(*heed.by_word, strict=True)]
    order = sorted(range(len(shares)), key=lambda place: -shares[place])[:SPOKEN]
    most = ", ".join(f'"{heed.heard_words[place]}" ({shares[place]:.0%})' for place in order)
    return [f"Over its reply the listener looked most at {most}."] if most else []


def twins_sentences(twins: Twins) -> list[str]:
    """The twins for the ear: what each heard last, and what both said to it."""
    sentences = []
    for race in (twins.first, twins.second):
        assert race.listener is not None
        sentences.append(
            f'Ending in "{race.words[-1].heard.strip()}": the interrupter says "{race.interrupter.text}", the listener "{race.listener.raw.strip()}".'
        )
    return [*sentences, twins_caption(twins)]


def _letters(text: str) -> str:
    """All that can be heard of `text`, however it is written."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))


def _ending(words: list[str]) -> str:
    """The last three words: the whole beginning again and again would tire an ear."""
    return " ".join(words if len(words) <= SPOKEN else ["…", *words[-SPOKEN:]])
