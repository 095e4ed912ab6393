"""Scripted transcripts: tests for a bot, as doctest is for a module."""

from chatbot.transcripts.drafts import draft

__all__ = ["draft"]
