"""What a model declares against what the engines find: the plan of `check`, `prove` and `refute`, and their results."""
