"""Glyphs whose width depends on the terminal, and what stands for each of them with `--ascii`: the one table of them."""

# As many cells as before, so that nothing moves. Some CJK terminals draw all of these two cells wide. Those of the last row Textual draws of itself.
ASCII = str.maketrans(
    {
        "·": ".", "…": "~", "‖": "|", "≠": "!", "×": "x", "—": "-", "–": "-", "’": "'", "‘": "'", "‹": "<", "›": ">", "“": '"', "”": '"',
        "▰": "#", "▱": ".", "▸": ">", "❯": ">", "↑": "^", "↓": "v", "←": "<", "→": ">", "⌫": "<", "⏸": "=",
        "░": ".", "▒": ":", "▓": "*", "█": "#", "▔": "-", "▁": "_", "▏": "|", "▎": "|", "▌": "|", "▐": "|", "▕": "|",
        "─": "-", "━": "-", "│": "|", "┃": "|", "├": "|", "└": "`", "╸": "-", "╺": "-", "•": "*", "●": "*", "○": "o", "✓": "v", "✗": "x", "␣": "_",
        "⏎": "<", "▼": "v", "▲": "^", "▂": "_", "▃": "_", "▄": "_", "▅": "#", "▆": "#", "▇": "#", "🔎": "/ ",
    }
)  # fmt: skip


def written(text: str, *, ascii_only: bool) -> str:
    """`text` as it is written to this person's terminal."""
    return text.translate(ASCII) if ascii_only else text
