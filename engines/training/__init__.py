"""Training of the starter models, by the same code that anyone can run."""
