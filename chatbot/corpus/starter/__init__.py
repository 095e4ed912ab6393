"""What `chatbot corpus new` writes: a corpus to begin with, and a first transcript of it."""

from pathlib import Path

PLACE = Path(__file__).parent
FILES = ("faq.topic", "faq.chat")
