"""What a bot is worth, in numbers."""
