"""What is said of a model itself: what never fires, what is never true, what no proof needs."""
