"""The API of this app: the courses, and how far the caller is."""

from __future__ import annotations

from typing import Any

from django.urls import path
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.access.enums import StepState
from apps.accounts.api.authentication import caller_of
from apps.core.api.fields import AbsoluteUrlField
from apps.core.api.views import ApiView

from .queries import CoursePage, Standing, course_page, path_for

LEARNING: Any = _("Learning")


class CourseSerializer(serializers.Serializer[Standing]):
    """A course, in the caller's language."""

    code = serializers.CharField(source="course")
    training = serializers.CharField(help_text=_("What passing it proves."))
    title = serializers.CharField()
    summary = serializers.CharField()
    version = serializers.CharField()
    minutes = serializers.IntegerField()
    lessons = serializers.IntegerField(source="lessons_total")
    modules = serializers.IntegerField()
    url = AbsoluteUrlField(source="course_url")


class LessonSerializer(serializers.Serializer[Any]):
    """A lesson, without its text."""

    code = serializers.CharField()
    title = serializers.CharField()
    minutes = serializers.IntegerField()
    done = serializers.BooleanField()
    practice = serializers.BooleanField(help_text=_("It has an exercise on a real model."))


class ModuleSerializer(serializers.Serializer[Any]):
    """A chapter of a course."""

    number = serializers.IntegerField()
    title = serializers.CharField()
    minutes = serializers.IntegerField()
    lessons = LessonSerializer(many=True)


class CourseDetailSerializer(serializers.Serializer[CoursePage]):
    """A course with its outline."""

    course = CourseSerializer(source="standing")
    outcomes = serializers.ListField(child=serializers.CharField(), help_text=_("What one can do afterwards."))
    pass_mark = serializers.IntegerField(help_text=_("In per cent."))
    questions = serializers.IntegerField(source="draw", help_text=_("How many the quiz asks."))
    valid_days = serializers.IntegerField(allow_null=True, help_text=_("How long the proof lasts; null: for ever."))
    modules = ModuleSerializer(many=True)


class ProgressSerializer(serializers.Serializer[Standing]):
    """How far the person is in one course."""

    course = serializers.CharField()
    training = serializers.CharField()
    state = serializers.ChoiceField(choices=StepState.choices)
    started = serializers.BooleanField(help_text=_("A cycle is under way, the first or a later one."))
    percent = serializers.IntegerField()
    lessons_done = serializers.IntegerField()
    lessons_total = serializers.IntegerField()
    minutes_left = serializers.IntegerField()
    waived = serializers.BooleanField()
    done_at = serializers.DateTimeField(allow_null=True)
    until = serializers.DateTimeField(allow_null=True, help_text=_("When the proof ends."))
    redo_by = serializers.DateField(allow_null=True, help_text=_("Set when a new edition asks to take it again by then."))
    url = AbsoluteUrlField(help_text=_("Where to go on."))


class Courses(ApiView):
    serializer_class = CourseSerializer

    @extend_schema(
        operation_id="courses",
        summary=_("The courses"),
        description=_("Those one can take now, in the order of the path."),
        responses=CourseSerializer(many=True),
        tags=[LEARNING],
    )
    def get(self, request: Request) -> Response:
        return self.pages_of(path_for(caller_of(request)))


class CourseDetail(ApiView):
    serializer_class = CourseDetailSerializer

    @extend_schema(
        operation_id="course",
        summary=_("One course and its outline"),
        description=_("With the lessons you have finished."),
        tags=[LEARNING],
    )
    def get(self, request: Request, code: str) -> Response:
        return Response(self.get_serializer(course_page(caller_of(request), code)).data)


class Progress(ApiView):
    serializer_class = ProgressSerializer

    @extend_schema(
        operation_id="progress",
        summary=_("Your progress"),
        description=_("Where you stand in each course, and where you go on."),
        responses=ProgressSerializer(many=True),
        tags=[LEARNING],
    )
    def get(self, request: Request) -> Response:
        return self.pages_of(path_for(caller_of(request)))


urlpatterns = [
    path("courses/", Courses.as_view(), name="courses"),
    path("courses/<slug:code>/", CourseDetail.as_view(), name="course"),
    path("progress/", Progress.as_view(), name="progress"),
]
