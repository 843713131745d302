"""The API of this app: what a capability opens, and what one may do."""
