from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from .views import catalogue, certificates, lessons, quiz, staff

app_name = "learning"

lesson_urls = [
    path("", lessons.lesson, name="lesson"),
    path("seen/", lessons.see, name="seen"),
    path("check/", lessons.check, name="check"),
    path("finish/", lessons.finish, name="finish"),
]
attempt_urls = [
    path("", quiz.attempt, name="attempt"),
    path("questions/<int:position>/", quiz.question, name="question"),
    path("review/", quiz.review, name="review"),
    path("submit/", quiz.submit, name="submit"),
    path("result/", quiz.result, name="result"),
]
learn_urls: list[URLPattern | URLResolver] = [
    path("", catalogue.catalogue, name="catalogue"),
    path("attempts/<uuid:pk>/", include(attempt_urls)),
    path("certificates/verify/", certificates.verify, name="verify"),
    path("certificates/<uuid:pk>/", certificates.certificate, name="certificate"),
    path("courses/<slug:code>/", catalogue.course, name="course"),
    path("courses/<slug:code>/start/", catalogue.start, name="start"),
    path("courses/<slug:code>/quiz/", quiz.intro, name="quiz"),
    path("courses/<slug:code>/lessons/<slug:lesson>/", include(lesson_urls)),
]

staff_urls = [
    path("", staff.courses, name="staff_courses"),
    path("<slug:code>/", staff.course, name="staff_course"),
    path("<slug:code>/people/", staff.people, name="staff_people"),
    path("<slug:code>/people/export/", staff.export, name="staff_export"),
    path("<slug:code>/preview/", staff.preview, name="staff_preview_first"),
    path("<slug:code>/preview/<slug:lesson>/", staff.preview, name="staff_preview"),
]
urlpatterns = [
    path("learn/", include(learn_urls)),
    path("staff/courses/", include(staff_urls)),
    path("staff/content/publish/", staff.publish, name="publish_shipped"),
    path("staff/job-examples/", staff.job_examples, name="job_examples"),
]
