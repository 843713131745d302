from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from apps.learning.enums import StepState
from apps.learning.queries import CoursePage, Step

from .people import AbsoluteUrlField


class CourseSerializer(serializers.Serializer[Step]):
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

    course = CourseSerializer(source="step")
    outcomes = serializers.ListField(child=serializers.CharField(), help_text=_("What one can do afterwards."))
    pass_mark = serializers.IntegerField(help_text=_("In per cent."))
    questions = serializers.IntegerField(source="draw", help_text=_("How many the quiz asks."))
    valid_days = serializers.IntegerField(allow_null=True, help_text=_("How long the proof lasts; null: for ever."))
    modules = ModuleSerializer(many=True)


class ProgressSerializer(serializers.Serializer[Step]):
    """Where the person stands in one course."""

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
