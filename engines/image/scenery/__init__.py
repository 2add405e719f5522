"""Backgrounds that are drawn by rule, at any size."""
