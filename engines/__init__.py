"""The engines: words, pictures and music. No Qt and no network in here."""
