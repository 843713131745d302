"""Importing people: reading what was uploaded, what its columns mean, what is wrong with a line, and the rows that keep it all."""
