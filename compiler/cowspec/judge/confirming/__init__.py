"""Other judges of what was found: a second solver, certificates, mutants of obligations, TLC."""
