"""cowspec: page-table models in, proofs for any size or the shortest counterexample out."""

__version__ = "0.1.0"
