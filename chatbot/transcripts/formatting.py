"""How a transcript is laid out."""


def formatted(text: str) -> str:
    """`text`, a transcript, as it should look: one blank after each operator, none at the end of a line, and one blank line before each scene.

    Comments right above a title stay with it. Nothing that a line says is changed, nor how the lines end.
    """
    end = "\r\n" if "\r\n" in text else "\n"
    lines: list[str] = []
    for raw in text.removeprefix("\ufeff").split("\n"):
        sign, _, rest = raw.rstrip().partition(" ")
        line = raw.rstrip() if sign.startswith("#") else f"{sign} {rest.strip()}".rstrip()
        if line.startswith("== "):
            place = len(lines)
            while place and lines[place - 1].startswith("#"):
                place -= 1
            if place and lines[place - 1]:
                lines.insert(place, "")
        if line or (lines and lines[-1]):
            lines.append(line)
    return end.join(lines).rstrip() + end
