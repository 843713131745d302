"""Importing people: reading what was uploaded, what its columns mean, what is wrong with a line, what is kept of it all."""
