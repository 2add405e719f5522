"""Larger pictures by networks."""
