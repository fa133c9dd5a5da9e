"""The checked model as a TLA+ module that a person would have written, and TLC's states read back."""
