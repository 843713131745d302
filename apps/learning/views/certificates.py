from __future__ import annotations

import uuid

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.accounts.requests import SignedInRequest
from apps.learning import queries


@require_safe
def certificate(request: SignedInRequest, pk: uuid.UUID) -> HttpResponse:
    """Somebody's own certificate, to show and to print."""
    found = queries.get_certificate_for(request.user, pk)
    return render(request, "learning/certificate.html", {"certificate": found, "now": timezone.now()})


@require_safe
def verify(request: SignedInRequest) -> HttpResponse:
    """Whether the code on a certificate that somebody was shown is genuine."""
    code = request.GET.get("code", "").strip()[:64]
    found = queries.find_certificate(code) if code else None
    return render(request, "learning/verify.html", {"code": code, "certificate": found, "now": timezone.now()})
