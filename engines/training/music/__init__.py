"""Train the music model: the corpus, its tokens, the loop, the export."""
