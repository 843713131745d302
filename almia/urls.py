"""The site map."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("account/", include("apps.accounts.urls")),
    path("access/", include("apps.access.urls")),
    path("learn/", include("apps.learning.urls")),
    path("chat/", include("apps.chat.urls")),
    path("api/v1/", include("apps.api.urls")),
    path("", include("apps.portal.urls")),
]
