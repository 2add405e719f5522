"""Stable Diffusion 3 and Flux: their parts, files and shapes."""
