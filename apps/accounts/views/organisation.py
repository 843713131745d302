"""Staff: what the organisation is called, whom to ask there, which tools it approves."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.accounts import queries, services
from apps.accounts.forms import TOOLS, OrganisationForm, ToolFormSet
from apps.accounts.organisation import ApprovedTool, sayings
from apps.accounts.requests import SignedInRequest

may_manage_organisation = permission_required("accounts.manage_organisation", raise_exception=True)


@require_http_methods(["GET", "POST"])
@may_manage_organisation
def organisation(request: SignedInRequest) -> HttpResponse:
    """The organisation, to read and to change. What was typed stays until it is saved."""
    stored = queries.stored_organisation()
    data = request.POST if request.method == "POST" else None
    kept, is_new = stored.approved_tools, stored.revision == 0 and not stored.name_fr  # before the form fills in what was typed
    form = OrganisationForm(data, instance=stored, initial={"seen": stored.revision})
    # Submitted rows are not compared with the stored ones: what was stored meanwhile is not what their page was rendered with.
    tools = ToolFormSet(data, initial=kept if data is None else None, prefix=TOOLS)
    kept_tools: list[ApprovedTool] = []
    revision = stored.revision
    wrong = False
    if data is not None:
        wrong = not (form.is_valid() & tools.is_valid())
        revision = form.cleaned_data.get("seen", revision)
    if data is not None and not wrong:
        values = {**form.values(), "approved_tools": tools.values()}
        try:
            services.change_organisation(values=values, seen=revision, actor=request.user)
        except services.ChangedMeanwhile as error:
            form.add_error(None, str(error))
            form.compare_with(error.stored)
            tools, kept_tools = tools.compared_with(error.stored, tools.values())
            revision, wrong = error.stored.revision, True
        else:
            messages.success(request, _("Saved. Courses, the charter and e-mails use it from now on."))
            return redirect("accounts:organisation")
    context = {
        "form": form,
        "tools": tools,
        "kept_tools": kept_tools,
        "revision": revision,
        "wrong": wrong,
        "sayings": sayings(form.instance),
        "is_new": is_new,
    }
    return render(request, "accounts/organisation/organisation.html", context, status=422 if wrong else 200)
