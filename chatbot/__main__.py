"""`python -m chatbot` is `chatbot`."""

from chatbot.cli.main import main

main()
