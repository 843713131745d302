from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from .views import models, nearby, providers

app_name = "gateway"

staff: list[URLPattern | URLResolver] = [
    path("", models.index, name="models"),
    path("<uuid:model_id>/", models.edit_model, name="model"),
    path("versions/new/", models.new_version, name="new_version"),
    path("versions/<uuid:version_id>/", models.edit_version, name="version"),
    path("versions/<uuid:version_id>/adaptations/forget/", models.forget, name="forget_adaptations"),
    path("versions/<uuid:version_id>/status/", models.version_status, name="version_status"),
    path("aliases/new/", models.new_alias, name="new_alias"),
    path("aliases/<slug:code>/", models.edit_alias, name="alias"),
    path("providers/", providers.index, name="providers"),
    path("providers/new/", providers.new, name="new_provider"),
    path("providers/<uuid:provider_id>/", providers.edit, name="provider"),
    path("providers/<uuid:provider_id>/test/", providers.probe, name="test_provider"),
    path("nearby/", nearby.show, name="nearby"),
    path("nearby/connect/", nearby.connect, name="connect_nearby"),
    path("usage/", models.usage, name="usage"),
]
urlpatterns: list[URLPattern | URLResolver] = [path("staff/models/", include(staff))]
