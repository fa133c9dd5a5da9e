"""From the checked model to the transition system; the entry point `cowspec.system.lower` says what to read first."""
