"""`chatbot tour`: five steps of a minute that show what it means to listen first."""

from chatbot.cli import options
from chatbot.cli.talk import conversed
from chatbot.records import Decoding


def tour(model: options.Model = None, device: options.Device = "cpu", plain: options.Plain = False, ascii_: options.Ascii = False) -> None:
    """See in five minutes what it means to listen before one speaks.

    chatbot tour\n
    chatbot tour --model small-talk.ko

    Without --model, the newest bundle that has an interrupter shows it.
    """
    from chatbot.cli.engine import BundleEngine

    conversed(BundleEngine(model, device, racing=True), decoding=Decoding(), compare=True, plain=plain, ascii_=ascii_, tour=True)
