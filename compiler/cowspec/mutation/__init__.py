"""Small wrong changes of a model's operations, each one a model again."""
