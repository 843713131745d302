"""The API of this app: who calls, what a token may, and oneself."""
