"""The command `cowspec`: the only part that reads files, prints, starts processes, and exits."""
