"""Importing people from a file."""

from .people import COLUMNS, MAX_BYTES, MAX_ROWS, Preview, decode, read

__all__ = ["COLUMNS", "MAX_BYTES", "MAX_ROWS", "Preview", "decode", "read"]
