from __future__ import annotations

from django.urls import include, path

from . import views

app_name = "chat"

conversation = [
    path("", views.conversation, name="conversation"),
    path("thread/", views.thread, name="thread"),
    path("rename/", views.rename, name="rename"),
    path("delete/", views.delete, name="delete"),
    path("model/", views.choose_model, name="choose_model"),
]

urlpatterns = [
    path("", views.new, name="new"),
    path("start/", views.start, name="start"),
    path("conversations/", views.conversations, name="conversations"),
    path("runs/<uuid:run_id>/show/", views.show_run, name="show_run"),
    path("messages/<uuid:message_id>/show/", views.show_message, name="show_message"),
    path("<uuid:conversation_id>/", include(conversation)),
]
