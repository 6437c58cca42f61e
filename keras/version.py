"""The version, in one place; setup.py reads it without importing the library."""

__version__ = "4.0.0"


def version() -> str:
    """The version of this library.

    >>> version().split(".")[0]
    '4'
    """
    return __version__
