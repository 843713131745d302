from __future__ import annotations

from allauth.socialaccount.models import SocialAccount
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.accounts import queries, scopes
from apps.accounts.panels import panels_for
from apps.accounts.requests import SignedInRequest


@require_safe
def account(request: SignedInRequest) -> HttpResponse:
    """The person's own page: who they are, what they have proved, how it looks, how it is protected, what their programs may
    do."""
    person, protection = queries.get_protected(request.user.pk)
    context = {
        "person": person,
        "roles": queries.roles_of(person.groups.all()),
        "protection": protection,
        "tokens": queries.tokens_of(person),
        "scopes": scopes.all_scopes(),
        "sso": SocialAccount.objects.filter(user=person).exists(),
        "panels": panels_for("account", viewer=person, person=person),
    }
    return render(request, "accounts/account.html", context)
