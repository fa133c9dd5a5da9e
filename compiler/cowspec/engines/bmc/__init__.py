"""Shortest runs at a scope, by SAT: unrolled steps, asked depth by depth."""
