"""The API of this app: who calls, what a token may do, and the caller's own data."""
