"""Which scenes are played: the files, the titles, and what the command line has others of."""

import ast
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from chatbot.errors import OptionError
from chatbot.transcripts.scenes import Scene

_JOINED = (ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.Name, ast.Load)


def files(paths: Iterable[Path]) -> list[Path]:
    """The transcripts that `paths` name: the files themselves, and every .chat file below the folders; each once."""
    named = (sorted(path.rglob("*.chat")) if os.path.isdir(path) else [path] for path in paths)
    return list(dict.fromkeys(one for those in named for one in those))


def titled(expression: str) -> Callable[[Scene], bool]:
    """Whether the title of a scene has the words of `expression`, which `and`, `or`, `not` and brackets may join, as pytest's -k. Raises OptionError."""
    words: list[str] = []

    def name(match: re.Match[str]) -> str:
        if match[0] in ("and", "or", "not"):
            return match[0]
        words.append(match[0].lower())
        return f"word{len(words) - 1}"

    def holds(node: ast.AST, title: str) -> bool:
        match node:
            case ast.BoolOp(ast.And(), values):
                return all(holds(value, title) for value in values)
            case ast.BoolOp(ast.Or(), values):
                return any(holds(value, title) for value in values)
            case ast.UnaryOp(ast.Not(), operand):
                return not holds(operand, title)
            case ast.Name(word):
                return words[int(word.removeprefix("word"))] in title
        raise AssertionError(node)

    try:
        tree = ast.parse(re.sub(r"[^\s()]+", name, expression).strip(), mode="eval").body
        if not all(isinstance(node, _JOINED) for node in ast.walk(tree)):  # whatever else a line of Python may be
            raise SyntaxError
        return lambda scene: holds(tree, scene.name.lower())
    except (SyntaxError, RecursionError, MemoryError):
        raise OptionError(f"-k “{expression}” cannot be read", remedy='use words of titles, and, or, not and brackets: -k "late and not sad"') from None


def reseeded(scene: Scene, seed: int | None, trials: int | None) -> Scene:
    """`scene` from another first seed, and if it is sampled in so many trials. Raises OptionError for seeds out of range."""
    settings = scene.settings
    if seed is not None:
        settings = replace(settings, decoding=replace(settings.decoding, seed=seed))
    if trials and settings.decoding.strategy == "sample":
        settings = replace(settings, trials=trials)
        settings.trial(trials - 1)
    return replace(scene, settings=settings)
