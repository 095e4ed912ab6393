"""`chatbot models`: the bundles on this machine."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from chatbot.cli import options
from chatbot.errors import BundleError
from chatbot.safe_text import safe_json, safe_line

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="""List, show and remove bundles.

    chatbot models list
    """,
)


@app.command("list")
def list_(json_: options.Json = False) -> None:
    """List the bundles under ./models and those that ship.

    chatbot models list
    """
    from chatbot import bundle as bundles

    rows: list[dict[str, Any]] = []
    for folder in bundles.every():
        row: dict[str, Any] = {"name": folder.name, "path": str(folder), "ships": bundles.is_shipped(folder)}
        try:
            stored = bundles.read_json(folder)
            row |= {"created": stored["created"], "pairs": stored["corpus"]["pairs"], "scores": stored["scores"]}
        except BundleError as error:
            row["error"] = str(error)
        rows.append(row)
    if json_:
        typer.echo(safe_json(rows, indent=1))
        return
    for row in rows:
        what = row.get("error") or f"{row['created']}  {row['pairs']:,} pairs" + ("  ships with the program" if row["ships"] else "")
        typer.echo(safe_line(f"{row['name']:<20}  {what}"))


@app.command()
def show(
    name: Annotated[str | None, typer.Argument(help="A bundle, by name or path.")] = None,
    shapes: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Instead: every tensor's shape on the way from TEXT to the reply, and the code that makes it.")
    ] = None,
    json_: options.Json = False,
) -> None:
    """Show what a bundle is: its model card, or with --json its bundle.json.

    chatbot models show small-talk

    chatbot models show small-talk --shapes "I feel so sad"
    """
    from chatbot import bundle as bundles
    from chatbot.safe_text import safe_text

    if shapes is not None:
        _show_shapes(name, shapes, json_)
        return
    folder = bundles.find(name)
    stored = bundles.read_json(folder)
    if json_:
        typer.echo(safe_json(stored, indent=1))
        return
    bundles.load(folder)  # says what is wrong with it
    card = folder / "README.md"
    typer.echo(safe_text(card.read_text("utf-8", "replace")) if card.is_file() else f"{folder}: a bundle without a model card")


def _show_shapes(name: str | None, text: str, json_: bool) -> None:
    """What each network of a bundle makes of `text`, tensor by tensor."""
    from chatbot.bot import Bot
    from chatbot.cli.shapes_shown import LEGEND, drawn
    from chatbot.shapes import way

    bundle = options.load_bundle(name, "cpu")
    ways = {"listener": way(Bot.of(bundle), bundle.listener, text)}
    if bundle.interrupters:
        wait = min(bundle.interrupters)
        ways["interrupter"] = way(Bot.of(bundle, wait=wait), bundle.interrupters[wait], text)
    if json_:
        typer.echo(safe_json({voice: asdict(found) for voice, found in ways.items()}, indent=1))
        return
    typer.echo("\n\n".join([LEGEND, *("\n".join(drawn(voice, found, known_replies=bundle.details.known_replies)) for voice, found in ways.items())]))


@app.command()
def remove(name: Annotated[str, typer.Argument(help="A bundle under ./models, by name or path.")]) -> None:
    """Remove a bundle for good. The one that ships stays.

    chatbot models remove dialog
    """
    from chatbot import bundle as bundles

    folder = bundles.find(name)
    if bundles.is_shipped(folder):
        raise BundleError("this bundle ships with the program and is never removed", place=folder, remedy="name one under ./models")
    if folder.is_symlink():
        raise BundleError("a link, not a bundle's own folder", place=folder, remedy="remove the link yourself")
    bundles.remove(folder)
    typer.echo(f"removed {safe_line(str(folder))}")
