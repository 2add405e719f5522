"""The words: an instruct model through transformers, and the sentence encoder."""
