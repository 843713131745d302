"""The API of this app: what a capability opens, and what the caller may do."""
