"""A score made to sound."""
