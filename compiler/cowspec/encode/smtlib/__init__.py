"""Obligations of any-size proofs as SMT-LIB text, for other solvers and for readers."""
