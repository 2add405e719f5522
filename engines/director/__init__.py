"""The director: a brief becomes a checked plan of words, pictures and music."""
