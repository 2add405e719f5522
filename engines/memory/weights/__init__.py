"""Weights on the move: their sizes before loading, parked in main memory, in smaller forms."""
