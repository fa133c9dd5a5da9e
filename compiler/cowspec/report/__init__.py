"""Verdicts as people and programs read them: CPU columns, the policy table, text, JSON."""
