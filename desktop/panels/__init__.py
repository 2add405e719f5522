"""Forms and lists around the canvas; they meet only in the session."""
