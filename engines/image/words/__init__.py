"""What a prompt says: syntax, chunks, lists of words, and the states a network reads."""
