"""Mutants of a model judged: refuted, proved equivalent, or survivors."""
