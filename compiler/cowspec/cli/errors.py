"""What ends a command early."""

INTERRUPTED = 130
"""The exit status after Ctrl-C."""


class BadInput(Exception):
    """Something is wrong with what the user gave; the message is printed as it is, the exit status is 2."""
