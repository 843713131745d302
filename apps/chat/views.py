from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.access.gate import capability_required
from apps.accounts.requests import SignedInRequest
from apps.core.crypto import CryptoError
from apps.core.refusals import Refusal, refusals_on
from apps.gateway.enums import STANDARD_ALIAS
from apps.gateway.queries import choices_for, remedy_for

from . import queries, services
from .commands import USE
from .forms import TitleForm
from .models import Conversation

PER_PAGE = 40
door = capability_required(USE)


def _ideas() -> list[dict[str, str]]:
    """What a first conversation may be about; each fills the composer and is meant to be edited."""
    return [
        {
            "icon": "pencil",
            "label": _("Rewrite an e-mail in a calmer tone"),
            "text": _("Rewrite this e-mail in a calm and courteous tone, in at most 120 words:\n\n"),
        },
        {
            "icon": "file-text",
            "label": _("Turn notes into minutes"),
            "text": _("Turn these notes into minutes: decisions, who does what, by when. Do not add anything.\n\n"),
        },
        {
            "icon": "grid",
            "label": _("Find the right spreadsheet formula"),
            "text": _("Give me a spreadsheet formula, and explain it in one sentence, that "),
        },
        {
            "icon": "message",
            "label": _("Explain a term of insurance simply"),
            "text": _("Explain to a policyholder, in three simple sentences, what is "),
        },
    ]


def _listing(request: SignedInRequest, current: uuid.UUID | None = None) -> dict[str, Any]:
    page = Paginator(queries.conversations_for(request.user), PER_PAGE).get_page(request.GET.get("page"))
    return {
        "page": page,
        "groups": queries.by_age(queries.headings(list(page.object_list))),
        "current": str(current or request.GET.get("current", "")),
    }


def _thread(conversation: Conversation) -> dict[str, Any]:
    seal = conversation.seal()
    return {
        "conversation": conversation,
        "title": Conversation.title.read(conversation, seal),
        "turns": queries.branch(conversation, seal),
    }


def _page(request: SignedInRequest, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    conversation = context.get("conversation")
    choices = choices_for(request.user)
    target = conversation.target if conversation else request.GET.get("model") or STANDARD_ALIAS
    context |= _listing(request, conversation.pk if conversation else None)
    context |= {
        "choices": choices,
        "choice": next((choice for choice in choices if choice.target == target), None),
        "target": target,
        "limit": services.MAX_CHARACTERS,
        "ideas": [] if conversation else _ideas(),
    }
    return render(request, "chat/conversation.html", context, status=status)


@require_GET
@door
def new(request: SignedInRequest) -> HttpResponse:
    return _page(request, {"draft": ""})


@require_POST
@door
def start(request: SignedInRequest) -> HttpResponse:
    text = request.POST.get("text", "")
    try:
        started = services.start_turn(user=request.user, text=text, target=request.POST.get("target", ""))
    except (Refusal, CryptoError) as error:
        sentence = (
            _("Your content cannot be encrypted or read at the moment. Nothing was lost; try again soon.")
            if isinstance(error, CryptoError)
            else str(error)
        )
        return _page(request, {"draft": text, "error": sentence, "remedy": remedy_for(request.user, error)}, status=422)
    return redirect("chat:conversation", started.conversation.pk)


@require_GET
@door
def conversation(request: SignedInRequest, conversation_id: uuid.UUID) -> HttpResponse:
    found = queries.get_conversation_for(request.user, conversation_id)
    try:
        return _page(request, _thread(found))
    except CryptoError:
        return render(request, "chat/unreadable.html", _listing(request, found.pk), status=503)


@require_GET
@door
def thread(request: SignedInRequest, conversation_id: uuid.UUID) -> HttpResponse:
    found = queries.get_conversation_for(request.user, conversation_id)
    return render(request, "chat/_thread.html", _thread(found))


@require_GET
@door
def conversations(request: SignedInRequest) -> HttpResponse:
    return render(request, "chat/_conversations.html", _listing(request))


@door
def rename(request: SignedInRequest, conversation_id: uuid.UUID) -> HttpResponse:
    found = queries.get_conversation_for(request.user, conversation_id)
    if request.method != "POST":
        form = TitleForm(initial={"title": Conversation.title.read(found, found.seal())})
        return render(request, "chat/rename.html", {"form": form, "conversation": found})
    form = TitleForm(request.POST)
    if form.is_valid():
        with refusals_on(form):
            services.rename_conversation(user=request.user, conversation_id=conversation_id, title=form.cleaned_data["title"])
            return redirect("chat:conversation", conversation_id)
    return render(request, "chat/rename.html", {"form": form, "conversation": found}, status=422)


@require_POST
@door
def delete(request: SignedInRequest, conversation_id: uuid.UUID) -> HttpResponse:
    services.delete_conversation(user=request.user, conversation_id=conversation_id)
    return redirect(reverse("chat:new"))


@require_POST
@door
def choose_model(request: SignedInRequest, conversation_id: uuid.UUID) -> HttpResponse:
    try:
        services.choose_target(user=request.user, conversation_id=conversation_id, target=request.POST.get("target", ""))
    except Refusal as error:
        found = queries.get_conversation_for(request.user, conversation_id)
        return _page(request, {**_thread(found), "error": str(error), "remedy": remedy_for(request.user, error)}, status=422)
    return redirect("chat:conversation", conversation_id)


@require_POST
@door
def show_run(request: SignedInRequest, run_id: uuid.UUID) -> HttpResponse:
    return _show(request, lambda: services.choose_run(user=request.user, run_id=run_id))


@require_POST
@door
def show_message(request: SignedInRequest, message_id: uuid.UUID) -> HttpResponse:
    return _show(request, lambda: services.choose_message(user=request.user, message_id=message_id))


def _show(request: SignedInRequest, choose: Callable[[], Conversation]) -> HttpResponse:
    try:
        found = choose()
    except Refusal as error:
        return HttpResponse(str(error), status=409)
    if request.htmx:
        return render(request, "chat/_thread.html", _thread(found))
    return redirect("chat:conversation", found.pk)
