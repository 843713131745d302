"""The rules of the house as tests. Each exception stands in a list, with its reason."""
