from .tokens import tokens_of, user_for_token

__all__ = ["tokens_of", "user_for_token"]
