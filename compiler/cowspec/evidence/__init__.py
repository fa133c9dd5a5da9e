"""Evidence that outlives a run: traces as JSON, read back and checked against the model they speak of."""
