"""From `ast` to `typed`: names, types, expansion, and the rules of the language."""
