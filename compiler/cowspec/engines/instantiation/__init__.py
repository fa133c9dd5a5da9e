"""Any-size obligations refuted by instances at ground terms, for a verified checker. Start at `search.py`."""
