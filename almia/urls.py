"""The site map."""

from __future__ import annotations

from allauth.socialaccount.views import login_error
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path

login_not_required(login_error)  # the only one of allauth's open pages that allauth does not mark itself

urlpatterns = [
    path("", include("apps.accounts.urls")),
    path("accounts/", include("allauth.urls")),
    path("", include("apps.access.urls")),
    path("", include("apps.gateway.urls")),
    path("", include("apps.learning.urls")),
    path("chat/", include("apps.chat.urls")),
    path("api/v1/", include("apps.api.urls")),
    path("", include("apps.portal.urls")),
]

handler400 = "apps.portal.errors.bad_request"
handler403 = "apps.portal.errors.permission_denied"
handler404 = "apps.portal.errors.page_not_found"
handler500 = "apps.portal.errors.server_error"
