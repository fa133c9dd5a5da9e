"""What ends a command early."""

INTERRUPTED = 130
"""The exit status after Ctrl-C."""

UNREAD = 141
"""The exit status if the reader of the output goes away, as a shell says of a program that SIGPIPE ends. What was found
may not have been shown."""


class BadInput(Exception):
    """Something is wrong with what the user gave; the message is printed as it is, the exit status is 2."""
