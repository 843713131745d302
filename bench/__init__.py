"""Benchmarks: `python -m bench` lists them, `python -m bench NAME [--json]` runs one, `make bench` runs all.

A benchmark is a module here with a docstring (its first line says what is measured) and

    async def measure() -> dict[str, int | float]: ...

which returns the figures, in the order in which a table shows them. It runs in a temporary data folder of its own
(`bench.server.Server`) and leaves nothing behind.
"""
