"""The version, in one place; setup.py reads it without importing the library."""

__version__ = "4.0.0"
