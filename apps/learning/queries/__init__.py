"""Everything learning reads across models. Missing and forbidden look the same."""

from .published import charter_is_published_otherwise, published_snapshots, published_sources, training_codes

__all__ = [
    "charter_is_published_otherwise",
    "published_snapshots",
    "published_sources",
    "training_codes",
]
