"""HTML and SVG as trees: the library that writes them escapes every text, so that no place can forget to."""

from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from chatbot.safe_text import safe_text


def node(tag: str, *children: Element | str, **attributes: object) -> Element:
    """An element, of text or of others. A Python word as an attribute has `_` behind it, and `stroke_width` is stroke-width."""
    element = Element(
        tag, {name.rstrip("_").replace("_", "-"): f"{value:.6g}" if isinstance(value, float) else str(value) for name, value in attributes.items()}
    )
    for child in children:
        if isinstance(child, str):
            element.text = safe_text(child)
        else:
            element.append(child)
    return element


def document(root: Element) -> str:
    """A whole page."""
    return f"<!doctype html>\n{ElementTree.tostring(root, encoding='unicode', method='html')}\n"
