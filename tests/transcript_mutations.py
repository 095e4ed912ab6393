"""Transcripts that nobody would write: what is changed in them, and what must be true of them whatever was changed. Used by the tests and by the soak."""

import random
from pathlib import Path

from chatbot.errors import TranscriptError
from chatbot.transcripts.formatting import formatted
from chatbot.transcripts.parse import parse

HERE = Path("a.chat")
WHOLE = """# all of it
@chat 1
@seed 7
@decode greedy
@history script

== sad
> Today's perfect weather makes me so sad
< I'm sorry to hear that.
<~ \\b(sorry|oh no)\\b
<- great
<-~ gre+at
rnn! "happy"

== happy
@history model
> Today's perfect weather makes me so happy
<* *lovely*|*wonderful*
<+ day
<@ topic:joy
rnn= 5 "sad"

# it draws
== sampled
@decode sample t=0.8 p=0.9 k=5
@trials 20
@pass 0.9
> hi there
<* hello*

== wish
@decode beam 3
@xfail "needs history"
> and yesterday?
<?
"""
ODD = (
    "",
    " ",
    "\t",
    "\r",
    "\x00",
    "\ufeff",
    "\u2028",
    "\u202e",
    "|",
    '"',
    "(",
    "[",
    "{9}",
    "\\",
    "*+",
    "(?R)",
    "(?P<a>",
    "== ",
    "> ",
    "<~ ",
    "<?",
    "@",
    "# ",
    "rnn= 9 ",
)


def mutated(generator: random.Random, text: str, texts: list[str]) -> str:
    """`text` after one to four changes."""
    for _ in range(generator.randint(1, 4)):
        lines = text.split("\n")
        one, other = generator.randrange(len(lines)), generator.randrange(len(lines))
        place, length = generator.randrange(len(text) + 1), generator.randint(0, 20)
        put = generator.choice((*ODD, *generator.choice(texts).split("\n"), "".join(map(chr, generator.choices(range(0xD7FF), k=5))), "a" * 70_000))
        match generator.randrange(5):
            case 0:
                del lines[one]
                text = "\n".join(lines)
            case 1:
                lines[one], lines[other] = lines[other], lines[one]
                text = "\n".join(lines)
            case 2:
                text = "\n".join([*lines[:one], put, *lines[one:]])
            case 3:
                text = text[:place] + put + text[place + length :]
            case _:
                text = text[:place] + text[place + length :]
    return text


def mistake(text: str) -> str:
    """The mistake in a transcript, or "" if there is none."""
    try:
        parse(text, HERE)
    except TranscriptError as error:
        return str(error)
    return ""


def said_by(text: str) -> list[tuple]:
    transcript = parse(text, HERE)
    return [(str(one.title), [[str(line) for line in (turn.said, *turn.expected)] for turn in one.turns], one.settings, one.xfail) for one in transcript.scenes]


def check(text: str) -> str:
    """A transcript, which its layout leaves as it is and which has one layout; or one mistake, told in a line with its place. Says which it is."""
    if told := mistake(text):
        assert told.startswith("a.chat:"), (told, text)
        assert "\n" not in told, (told, text)
        number, column = map(int, told.split(":")[1:3])
        lines = text.split("\n")
        assert 1 <= number <= len(lines), (told, text)
        assert 1 <= column <= len(lines[number - 1]) + 3, (told, text)
        return "a mistake"
    assert said_by(formatted(text)) == said_by(text), text
    assert formatted(formatted(text)) == formatted(text), text
    return "a transcript"
