"""Proofs at a scope, every depth: property directed reachability over the finite encoding, up to symmetry."""
