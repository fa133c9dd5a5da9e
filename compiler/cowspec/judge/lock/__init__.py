"""The proof lock: made of a finished check, compared with what the models expect, checked again."""
