"""Scores: reading, writing, composing, and playing them."""
