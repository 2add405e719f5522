"""Writing cues: drawing candidates, choosing among them, making them fit."""
