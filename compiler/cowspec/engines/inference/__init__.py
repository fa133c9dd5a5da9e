"""Lemmas found by machine: what makes a property inductive at any size. Start at `search.py`."""
