"""Proofs for any size: each step preserves each conjunct, asked of Z3."""
