"""Importing people: reading the upload, what its columns mean, what is wrong with a line, and what is stored of it all."""
