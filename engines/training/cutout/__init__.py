"""How our own cut-out network was trained."""
