from __future__ import annotations

from django.urls import URLPattern, URLResolver, path, re_path

from .views.base import NothingHere
from .views.chat import ConversationDetail, ConversationMessages, Conversations
from .views.docs import SchemaView, docs
from .views.learning import CourseDetail, Courses, Progress
from .views.people import Capabilities, CapabilityDetail, Me

app_name = "api"
urlpatterns: list[URLPattern | URLResolver] = [
    path("me/", Me.as_view(), name="me"),
    path("capabilities/", Capabilities.as_view(), name="capabilities"),
    path("capabilities/<str:code>/", CapabilityDetail.as_view(), name="capability"),
    path("courses/", Courses.as_view(), name="courses"),
    path("courses/<slug:code>/", CourseDetail.as_view(), name="course"),
    path("progress/", Progress.as_view(), name="progress"),
    path("conversations/", Conversations.as_view(), name="conversations"),
    path("conversations/<uuid:conversation_id>/", ConversationDetail.as_view(), name="conversation"),
    path("conversations/<uuid:conversation_id>/messages/", ConversationMessages.as_view(), name="messages"),
    path("schema/", SchemaView.as_view(), name="schema"),
    path("docs/", docs, name="docs"),
    re_path(r"^", NothingHere.as_view(), name="nothing"),  # a dot would not stand for a line break
]
