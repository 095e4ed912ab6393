"""`chatbot compare`: the race, the ladder and what the listener heeded, printed."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.cells import cell_len, set_cell_size

from chatbot.cli import options
from chatbot.errors import BundleError, OptionError
from chatbot.records import Attention, Influence, Ladder, Race, Reply
from chatbot.safe_text import safe_json, safe_line
from chatbot.tui.glyphs import written
from chatbot.tui.wording import caption, looked_at_most, named, settled, tenths, times, twins_caption


def compare(
    text: Annotated[list[str], typer.Argument(metavar="TEXT...", help="One utterance, or several to set side by side.")],
    ending: Annotated[str | None, typer.Option(metavar="WORD", help="Set TEXT beside its twin, which has WORD as its last word.")] = None,
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
    ascii_: options.Ascii = False,
) -> None:
    """Show who had heard what when it spoke: an RNN that says a word for each word it hears, and one that listens first.

    chatbot compare "I feel so sad" --ending happy
    """
    decoding = options.decoding(sample, temperature, top_k, top_p, seed, 0, 0)
    if ending is not None and (len(text) > 1 or not ending.strip()):
        raise OptionError("--ending takes a word, and one TEXT", remedy='chatbot compare "I feel so sad" --ending happy')
    from chatbot.bot import Bot
    from chatbot.listening import heeded, ladder, race, twins, with_ending

    bundle = options.load_bundle(model, device)
    decoding = options.in_effect(decoding, bundle.details, known_replies, unsure="")  # the race is about what was said, sure or not
    listener = Bot.of(bundle)
    if not bundle.interrupters:
        raise BundleError("no interrupter in it to compare with", place=bundle.path, remedy="add --model small-talk, or train one without --no-interrupter")
    interrupter = Bot.of(bundle, wait=min(bundle.interrupters) if wait is None else wait)
    shown: list[tuple[Race, Ladder, Attention | Influence]] = []
    for utterance in [*text, with_ending(text[0], ending)] if ending is not None else text:
        answer = listener.reply(utterance, decoding)
        raced = race(interrupter, utterance, decoding, listener=answer)
        shown.append((raced, ladder(listener, utterance, decoding), heeded(listener, utterance, answer)))
    pair = twins(interrupter, shown[0][0], shown[1][0]) if len(shown) == 2 else None
    if json_:
        races, ladders, heeds = ([asdict(picture) for picture in pictures] for pictures in zip(*shown, strict=True))
        alike = {"pieces_heard_alike": pair.heard_alike, "pieces_bound": pair.bound, "pieces_said_alike": pair.said_alike} if pair else None
        report: dict[str, Any] = {"races": races, "ladders": ladders, "heeded": heeds, "alike": alike}
        typer.echo(safe_json(report, indent=1))
        return
    for raced, rungs, heed in shown:
        said = raced.listener
        assert said is not None
        lines = [*_race_lines(raced, said), "", *_ladder_lines(rungs), "", *(_looks(heed) if isinstance(heed, Attention) else _falls(heed)), ""]
        typer.echo(written("\n".join(lines), ascii_only=options.is_ascii(ascii_)))
    if pair:
        typer.echo(twins_caption(pair))


def _race_lines(race: Race, said: Reply) -> list[str]:
    """The race as a table: a row a word."""
    rows = [(str(number), beat.heard, beat.said.strip(), "·") for number, beat in enumerate(race.words, 1)]
    rows.append(("‖", "(end)", race.afterwards.strip() or "(done)", said.raw))
    table = _table([("#", "heard", "interrupter", "listener"), *rows])
    voices = [("interrupter", race.interrupter), ("listener", said)]
    sure = [f"{name:<11}  {safe_line(reply.raw)}  (p {reply.probability:.2f})" for name, reply in voices]
    return ["Race: what each one said, and when", *table, "", *sure, caption(race)]


def _ladder_lines(ladder: Ladder) -> list[str]:
    """The ladder as a table: a row a beginning."""
    rows = [(str(rung.words), rung.heard, "=" if rung.final else "≠", rung.reply) for rung in ladder.rungs]
    return ["Ladder: if you had stopped there, the listener would have said", *_table(rows), f"{settled(ladder).capitalize()}."]


def _looks(attention: Attention) -> list[str]:
    """The attention as a table: a row a piece of the reply, a column a heard word."""
    numbers = range(1, len(attention.heard_words) + 1)
    earlier = bool(attention.before and max(attention.before) >= 0.05)
    rows = [("", *(f"{number:>2}" for number in numbers), *(["before"] if earlier else []), "most")]
    for piece, row, before, most in zip(named(attention.said), attention.by_word, attention.before, looked_at_most(attention, "before"), strict=True):
        shares = [*row, before] if earlier else row
        rows.append((piece, *(f"{tenths(share):>2}" for share in shares), most))
    return ["Attention: which heard word each piece of the reply looked at, in tenths", *_table(rows)]


def _falls(influence: Influence) -> list[str]:
    """The influence as a table: a row a heard word."""
    rows = [(str(number), word, times(fall)) for number, (word, fall) in enumerate(zip(influence.heard_words, influence.falls, strict=True), 1)]
    return ["Influence: how likely the listener's reply would be without that word", *_table(rows)]


def _table(rows: Iterable[tuple[str, ...]]) -> list[str]:
    """Rows with their columns aligned by cells of the terminal."""
    safe = [[safe_line(field, limit=200) for field in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(*safe, strict=True)][:-1]
    return ["  " + "  ".join([*(set_cell_size(field, width) for field, width in zip(row[:-1], widths, strict=True)), row[-1]]).rstrip() for row in safe]
