"""Kernels for engines that compute on NumPy arrays, and what else makes those fast. Each has a body in NumPy to fall back on."""
