"""Relational formulas at a scope (or a box of scopes) as propositional clauses."""
