"""Model files read as what they are: hostile until their content was checked."""
