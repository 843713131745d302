from __future__ import annotations

from django.urls import path

from . import views

app_name = "access"
urlpatterns = [
    path("charter/", views.charter, name="charter"),
]
