"""The network that writes: its tokens, its grammar, and how it is run."""
