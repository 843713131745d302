from __future__ import annotations

from importlib import import_module

from django.urls import URLPattern, URLResolver, path, re_path

from apps.core import api
from apps.core.api.views import NothingHere

from .views import SchemaView, docs

app_name = "api"
urlpatterns: list[URLPattern | URLResolver] = [
    *(pattern for module in api.modules() for pattern in import_module(module).urlpatterns),
    path("schema/", SchemaView.as_view(), name="schema"),
    path("docs/", docs, name="docs"),
    re_path(r"^", NothingHere.as_view(), name="nothing"),  # a dot would not match a line break
]
