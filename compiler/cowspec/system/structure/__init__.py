"""Structural facts from the control flow; `cowspec.system.facts` is the entry point."""
