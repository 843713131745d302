"""The gate in front of products: pages, fragments, socket commands and the API all ask here."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse

from apps.accounts.requests import SignedInRequest
from apps.accounts.way_back import page_behind
from apps.core.htmx import render_either
from apps.core.live import LiveError

from .queries import explain, has_capability

if TYPE_CHECKING:
    from apps.accounts.models import User


def live_gate(user: User, capability: str) -> LiveError | None:
    """The socket's gate: None to let the person pass, else a refusal that says why and where to go."""
    if has_capability(user, capability):
        return None
    explanation = explain(user, capability)
    step = explanation.next_step
    return LiveError(
        "locked",
        explanation.sentence,
        capability=capability,
        missing=explanation.missing_told,
        url=step.url if step else None,
    )


def capability_required(capability: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Decorate a view: people without `capability` get the locked page (403), which says why and opens by itself."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def guarded(request: SignedInRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if has_capability(request.user, capability):
                return view(request, *args, **kwargs)
            # Once it is open, the page leads to where the person was going.
            context = {"explanation": explain(request.user, capability), "came_for": page_behind(request)}
            return render_either(request, "access/locked.html", "access/_locked.html", context, status=403)

        guarded.capability = capability  # type: ignore[attr-defined]  # read by the architecture tests
        return guarded

    return decorate
