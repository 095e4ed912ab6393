"""Scripted transcripts: tests for a bot, as doctest is for a module."""

from chatbot.transcripts.drafts import draft, draft_of_session

__all__ = ["draft", "draft_of_session"]
