"""The company's directory: what a person can belong to. Entities are a tree; departments, sites and job roles are lists."""

from .kinds import KINDS, Kind, kind_of, kind_or_not_there

__all__ = ["KINDS", "Kind", "kind_of", "kind_or_not_there"]
