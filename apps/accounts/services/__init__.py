from .tokens import create_token, note_token_use, revoke_token

__all__ = ["create_token", "note_token_use", "revoke_token"]
