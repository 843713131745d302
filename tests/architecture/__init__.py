"""The project's rules as tests. Each exception is in a list, with its reason."""
