"""Networks that hear an utterance and say a reply; they know neither text nor files."""
