from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.serializers.learning import CourseDetailSerializer, CourseSerializer, ProgressSerializer
from apps.learning.queries import course_page, path_for

from .base import ApiView

LEARNING: Any = _("Learning")


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
        user: Any = request.user
        return self.pages_of(path_for(user))


class CourseDetail(ApiView):
    serializer_class = CourseDetailSerializer

    @extend_schema(
        operation_id="course",
        summary=_("One course and its outline"),
        description=_("With the lessons you have finished."),
        tags=[LEARNING],
    )
    def get(self, request: Request, code: str) -> Response:
        user: Any = request.user
        return Response(self.get_serializer(course_page(user, code)).data)


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
        user: Any = request.user
        return self.pages_of(path_for(user))
