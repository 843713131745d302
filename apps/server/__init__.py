"""One process that is a whole Almia: what `manage.py serve` puts together for the try-out.

It is above every other app, because it is the one place that knows them all. Production runs the same parts as separate
processes (docs/operations.md).
"""
