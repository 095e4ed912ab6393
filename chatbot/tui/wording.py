"""Sentences about a race and a ladder, made from counts: the screen and the plain mode say the same, and neither says who is better."""

from chatbot.records import Ladder, Race, plural

NO_INTERRUPTER = "This bundle has no interrupter, so there is no race."
SPOKEN = 3  # words of a beginning that a sentence repeats


def caption(race: Race) -> str:
    """How much the interrupter had heard when it began."""
    heard, words = race.heard_at_first_word, len(race.words)
    if not heard:
        return "The interrupter said nothing."
    return f"When it said its first word, the interrupter had heard {heard} of {plural(words, 'word')}."


def settled(ladder: Ladder) -> str:
    """After how many words the listener's reply no longer changed."""
    return f"settled after {ladder.settled} of {plural(len(ladder.rungs), 'word')}"


def finished_words(draft: str) -> str:
    """The words of a draft that are finished: up to the last blank.

    The vocabulary cuts a growing word anew with each letter, and what the interrupter has said may not change.
    """
    cut = max((place for place, character in enumerate(draft) if character.isspace()), default=-1)
    return draft[: cut + 1].strip()


def chosen_wait(waits: tuple[int, ...], wanted: int | None) -> int | None:
    """The interrupter to race with: the wanted one, else the bundle's first; None when there is none to choose."""
    return wanted if wanted is not None else waits[0] if waits else None


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


def _ending(words: list[str]) -> str:
    """The last three words: the whole beginning again and again would tire an ear."""
    return " ".join(words if len(words) <= SPOKEN else ["…", *words[-SPOKEN:]])
