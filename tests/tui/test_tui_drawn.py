"""The pictures of the README show what the screen shows. If that has changed: make pictures."""

import asyncio
import importlib.util
from pathlib import Path
from xml.etree import ElementTree

import pytest

DOCS = Path(__file__).parents[2] / "docs"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def draw_pictures():
    """docs/draw_pictures.py, which is no package."""
    spec = importlib.util.spec_from_file_location("draw_pictures", DOCS / "draw_pictures.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def drawn(draw_pictures):
    """The frames of each picture, drawn now."""
    return asyncio.run(draw_pictures.pictures())


def texts(root):
    return sorted((text.get("x"), text.get("y"), "".join(text.itertext())) for text in root.iter(f"{SVG}text") if text.get("clip-path"))


def test_no_picture_is_stale(draw_pictures, drawn):
    for name, frames in drawn.items():
        assert draw_pictures.stored(DOCS / f"{name}.svg") == draw_pictures.fingerprint(frames), f"docs/{name}.svg is stale: make pictures"


def test_the_film_shows_each_frame_whole_and_ends_on_the_last(draw_pictures, drawn):
    frames = drawn["race"]
    assert len(frames) == 8
    film = ElementTree.fromstring(ElementTree.tostring(draw_pictures.film(frames)))
    for number, frame in enumerate(frames):
        moment = ElementTree.fromstring(ElementTree.tostring(film))
        for parent in list(moment.iter()):
            for group in list(parent):
                shown = (group.get("class") or "").removeprefix("f")
                if group.tag == f"{SVG}g" and shown and shown[0].isdigit() and str(number) not in shown.split("-"):
                    parent.remove(group)
        assert texts(moment) == texts(ElementTree.fromstring(frame))
    still = {group.get("class"): group.get("visibility") for group in film.iter(f"{SVG}g") if (group.get("class") or "x")[1:2].isdigit()}
    assert {name: "hidden" for name in still if str(len(frames) - 1) not in name[1:].split("-")} == {name: hidden for name, hidden in still.items() if hidden}


def test_the_pictures_are_small():
    assert all(path.stat().st_size < 300_000 for path in DOCS.glob("*.svg"))
