"""Staff: the people, one person, what may be done about them."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts import queries, services
from apps.accounts.enums import Role
from apps.accounts.forms import PeopleFilter, PersonForm, ReasonForm, RolesForm, SignOutForm
from apps.accounts.models import User
from apps.accounts.panels import panels_for
from apps.accounts.requests import SignedInRequest
from apps.core.refusals import refusals_on, refusals_told

PER_PAGE = 50
may_see = permission_required("accounts.see_people", raise_exception=True)
may_manage = permission_required("accounts.manage_people", raise_exception=True)


@require_safe
@may_see
def index(request: SignedInRequest) -> HttpResponse:
    """The list of people, searched and filtered."""
    form = PeopleFilter(request.GET)
    people = queries.find_people(**form.criteria())
    page = Paginator(people, PER_PAGE).get_page(request.GET.get("page"))
    rows = [(person, queries.roles_of(person.groups.all())) for person in page.object_list]
    context = {"form": form, "page": page, "rows": rows, "filtered": form.is_used()}
    return render(request, "accounts/people/index.html", context)


@require_safe
@may_see
def person(request: SignedInRequest, person_id: uuid.UUID) -> HttpResponse:
    """One person: who they are, what they may do, what they have proved."""
    return _person_page(request, person_id)


def _person_page(
    request: SignedInRequest, person_id: uuid.UUID, *, roles_form: RolesForm | None = None, close_form: ReasonForm | None = None
) -> HttpResponse:
    found, protection = queries.get_protected(person_id)
    roles = queries.roles_of(found.groups.all())
    failed = any(form is not None and form.errors for form in (roles_form, close_form))
    context = {
        "person": found,
        "roles": roles,
        "roles_form": roles_form or RolesForm(initial={"roles": [role.value for role in roles]}),
        "close_form": close_form or ReasonForm(prefix="close"),
        "protection": protection,
        "identities": [(identity, ReasonForm(prefix=f"untie-{identity.id}")) for identity in queries.identities_of(found)],
        "sign_out_form": SignOutForm(),
        "panels": panels_for("person", viewer=request.user, person=found),
        "is_self": found.pk == request.user.pk,
    }
    return render(request, "accounts/people/person.html", context, status=422 if failed else 200)


@require_http_methods(["GET", "POST"])
@may_manage
def new(request: SignedInRequest) -> HttpResponse:
    """Add a person."""
    form = PersonForm(request.POST or None, inviting=True)
    if request.method == "POST" and form.is_valid():
        with refusals_on(form, "email"):
            created = services.create_person(
                email=form.cleaned_data["email"],
                **form.changes(),
                invite=form.cleaned_data["invite"],
                actor=request.user,
            )
            messages.success(request, _("%(name)s has been added.") % {"name": created})
            return redirect("accounts:person", created.pk)
    return render(request, "accounts/people/edit.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@may_manage
def edit(request: SignedInRequest, person_id: uuid.UUID) -> HttpResponse:
    """Change a person's name, address or place in the company."""
    found = queries.get_person(person_id)
    form = PersonForm(request.POST or None, initial=PersonForm.initial_for(found), person=found)
    if request.method == "POST" and form.is_valid():
        with refusals_on(form, "email"):
            email = form.cleaned_data["email"]
            services.edit_person(user=found, email=email, changes=form.changes(), actor=request.user)
            messages.success(request, _("The changes are saved."))
            return redirect("accounts:person", found.pk)
    return render(request, "accounts/people/edit.html", {"form": form, "person": found}, status=422 if form.errors else 200)


@require_POST
@may_manage
def roles(request: SignedInRequest, person_id: uuid.UUID) -> HttpResponse:
    """Give a person exactly the roles ticked."""
    found = queries.get_person(person_id)
    form = RolesForm(request.POST)
    if form.is_valid():
        with refusals_on(form, "roles"):
            services.set_roles(user=found, roles=[Role(code) for code in form.cleaned_data["roles"]], actor=request.user)
            messages.success(request, _("The roles of %(name)s are changed.") % {"name": found})
            return redirect("accounts:person", found.pk)
    return _person_page(request, person_id, roles_form=form)


@require_POST
@may_manage
def close(request: SignedInRequest, person_id: uuid.UUID) -> HttpResponse:
    """Close a person's account, with a reason."""
    found = queries.get_person(person_id)
    form = ReasonForm(request.POST, prefix="close")
    if form.is_valid():
        with refusals_on(form, "reason"):
            services.deactivate_person(user=found, actor=request.user, reason=form.cleaned_data["reason"])
            messages.success(request, _("The account of %(name)s is closed, and every session has ended.") % {"name": found})
            return redirect("accounts:person", found.pk)
    return _person_page(request, person_id, close_form=form)


def _act(request: SignedInRequest, person_id: uuid.UUID, act: Callable[[User], None], done: str) -> HttpResponse:
    found = queries.get_person(person_id)
    with refusals_told(request):
        act(found)
        messages.success(request, done % {"name": found})
    return redirect("accounts:person", found.pk)


@require_POST
@may_manage
def reopen(request: SignedInRequest, person_id: uuid.UUID) -> HttpResponse:
    """Reopen a closed account."""
    done = _("The account of %(name)s is open again.")
    return _act(request, person_id, lambda found: services.activate_person(user=found, actor=request.user), done)


@require_POST
@may_manage
def invite(request: SignedInRequest, person_id: uuid.UUID) -> HttpResponse:
    """Send a person the link with which they choose their password."""
    done = _("An invitation is on its way to %(name)s.")
    return _act(request, person_id, lambda found: services.invite_person(user=found, actor=request.user), done)


@require_POST
@may_manage
def end_sessions(request: SignedInRequest, person_id: uuid.UUID) -> HttpResponse:
    """Sign a person out everywhere, and their programs if that is ticked."""
    form = SignOutForm(request.POST)
    tokens = form.is_valid() and form.cleaned_data["tokens"]
    done = _("%(name)s is signed out everywhere.")
    return _act(request, person_id, lambda found: services.sign_out_person(user=found, actor=request.user, tokens=tokens), done)


@require_POST
@may_manage
def reset_second_factor(request: SignedInRequest, person_id: uuid.UUID) -> HttpResponse:
    """Remove the second factors of somebody who has lost them."""
    done = _("%(name)s can sign in with the password alone and set up a second step again.")
    return _act(request, person_id, lambda found: services.reset_second_factor(user=found, actor=request.user), done)
