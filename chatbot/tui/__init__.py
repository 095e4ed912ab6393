"""The screen and the plain mode of `chatbot talk`. Of the rest of the package it knows the records, the errors and safe text."""
