"""The document: values, no Qt, no engines."""
