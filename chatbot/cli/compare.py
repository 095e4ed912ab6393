"""`chatbot compare`: the race and the ladder, printed."""

from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.cells import cell_len, set_cell_size

from chatbot.cli import options
from chatbot.errors import BundleError
from chatbot.records import Ladder, Race, plural
from chatbot.safe_text import safe_json, safe_line


def compare(
    text: Annotated[list[str], typer.Argument(metavar="TEXT", help="One utterance, or several to set side by side.")],
    model: options.Model = None,
    wait: Annotated[
        int | None, typer.Option(metavar="K", help="The interrupter that hears K pieces before its first. Default: the smallest in the bundle.")
    ] = None,
    json_: options.Json = False,
    sample: options.Sample = False,
    temperature: options.Temperature = options.DEFAULT.temperature,
    top_k: options.TopK = options.DEFAULT.top_k,
    top_p: options.TopP = options.DEFAULT.top_p,
    seed: options.Seed = 0,
    known_replies: options.KnownReplies = None,
    device: options.Device = "cpu",
) -> None:
    """Show who had heard what when it spoke: an RNN that says a word for each word it hears, and one that listens first.

    chatbot compare "I feel so sad" "I feel so happy"
    """
    decoding = options.decoding(sample, temperature, top_k, top_p, seed, 0, 0)
    from chatbot.bot import Bot
    from chatbot.listening import ladder, race, shared

    bundle = options.load_bundle(model, device)
    decoding = options.in_effect(decoding, bundle.details, known_replies, unsure="")  # the race is about what was said, sure or not
    listener = Bot.of(bundle)
    if not bundle.interrupters:
        raise BundleError("no interrupter in it to compare with", place=bundle.path, remedy="train one without --no-interrupter")
    interrupter = Bot.of(bundle, wait=min(bundle.interrupters) if wait is None else wait)
    shown: list[tuple[Race, Ladder]] = []
    for utterance in text:
        answer = listener.reply(utterance, decoding)
        shown.append((race(interrupter, utterance, decoding, listener=answer), ladder(listener, utterance, decoding)))
    alike = None
    if len(text) == 2:
        said = [[step.said for step in one.steps if step.said is not None] for one, _ in shown]
        alike = {
            "pieces_heard_alike": shared(*(listener.vocabulary.hear(utterance) for utterance in text)),
            "pieces_said_alike": shared(*said),
        }
    if json_:
        answer_: dict[str, Any] = {"races": [asdict(one) for one, _ in shown], "ladders": [asdict(other) for _, other in shown], "alike": alike}
        typer.echo(safe_json(answer_, indent=1))
        return
    for one, other in shown:
        typer.echo("\n".join([*_race_lines(one), "", *_ladder_lines(other), ""]))
    if alike:
        typer.echo(
            f"The two begin with the same {plural(alike['pieces_heard_alike'], 'piece')}."
            f" Said alike by the interrupter: {plural(alike['pieces_said_alike'], 'piece')}."
        )


def _race_lines(race: Race) -> list[str]:
    """The race as a table: a row a word."""
    rows = [(str(number), beat.heard, beat.said.strip(), "·") for number, beat in enumerate(race.words, 1)]
    rows.append(("‖", "(end)", race.afterwards.strip() or "(done)", race.listener.raw if race.listener else ""))
    table = _table([("#", "heard", "interrupter", "listener"), *rows])
    first = race.heard_at_first_word
    caption = f"When it said its first word, the interrupter had heard {first} of {plural(len(race.words), 'word')}."
    sure = [f"interrupter  {safe_line(race.interrupter.text)}  (p {race.interrupter.probability:.2f})"]
    if race.listener:
        sure.append(f"listener     {safe_line(race.listener.raw)}  (p {race.listener.probability:.2f})")
    return ["Race: what each one said, and when", *table, "", *sure, caption]


def _ladder_lines(ladder: Ladder) -> list[str]:
    """The ladder as a table: a row a beginning."""
    rows = [(str(rung.words), rung.heard, "=" if rung.final else "≠", rung.reply) for rung in ladder.rungs]
    settled = f"Settled after {ladder.settled} of {plural(len(ladder.rungs), 'word')}."
    return ["Ladder: if you had stopped there, the listener would have said", *_table(rows), settled]


def _table(rows: list[tuple[str, str, str, str]]) -> list[str]:
    """Rows with their columns aligned by cells of the terminal."""
    safe = [[safe_line(field, limit=200) for field in row] for row in rows]
    widths = [max(cell_len(row[column]) for row in safe) for column in range(3)]
    return ["  " + "  ".join([*(set_cell_size(row[column], widths[column]) for column in range(3)), row[3]]).rstrip() for row in safe]
