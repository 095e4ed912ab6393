"""A small chatbot that you train yourself: RNN sequence-to-sequence models that listen to the whole sentence before they answer.

from chatbot import Bot

print(Bot.load().reply("hello").text)
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chatbot.bot import Bot
    from chatbot.errors import ChatbotError
    from chatbot.records import Decoding, Reply
    from chatbot.training.loop import Progress, train

__all__ = ["Bot", "ChatbotError", "Decoding", "Progress", "Reply", "train"]

_WHERE = {"Bot": "bot", "ChatbotError": "errors", "Decoding": "records", "Progress": "training.loop", "Reply": "records", "train": "training.loop"}


def __getattr__(name: str) -> Any:
    """Imports what is asked for: `import chatbot` alone must not import torch."""
    if name not in _WHERE:
        raise AttributeError(f"module 'chatbot' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"chatbot.{_WHERE[name]}"), name)
