"""The judge: the reference semantics of a transition system in plain Python, without a solver.

`machine` runs steps and formulas on states, `search` explores them, `scenario` plays scripts, `replay` checks traces.
Shares no code with `encode/`, so that the two can be tested against each other.
"""
