from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from .forms import CharterForm
from .queries import charter_for
from .services import AccessError, sign_charter


@require_http_methods(["GET", "POST"])
def charter(request: HttpRequest) -> HttpResponse:
    """Read the charter in force, and sign it."""
    assert request.user.is_authenticated
    form = CharterForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            sign_charter(user=request.user, version=form.cleaned_data["version"], language=get_language() or "fr")
        except AccessError as error:
            messages.warning(request, str(error))
        else:
            messages.success(request, _("Thank you: your signature is kept."))
        return redirect("access:charter")
    charter, signature = charter_for(request.user)
    context = {"charter": charter, "signature": signature, "form": form}
    return render(request, "access/charter.html", context, status=422 if form.errors else 200)
