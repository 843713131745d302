from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from .views import pages, proofs, requirements

app_name = "access"

staff: list[URLPattern | URLResolver] = [
    path("", requirements.index, name="requirements"),
    path("waivers/", requirements.waivers, name="waivers"),
    path("waivers/<uuid:waiver_id>/end/", proofs.withdraw, name="withdraw_waiver"),
    path("charter/", requirements.charters, name="charters"),
    path("charter/<int:version>/", requirements.charter_version, name="charter_version"),
    path("rights/<str:capability>/ask/", requirements.ask, name="ask"),
    path("rights/<str:capability>/<int:requirement_id>/remove/", requirements.remove, name="remove_requirement"),
]
# What is done to one person has its address below the list of people.
people: list[URLPattern | URLResolver] = [
    path("<uuid:person_id>/award/", proofs.award, name="award"),
    path("<uuid:person_id>/waive/", proofs.waive, name="waive"),
    path("awards/<uuid:award_id>/withdraw/", proofs.revoke, name="revoke_award"),
]
urlpatterns: list[URLPattern | URLResolver] = [
    path("access/charter/", pages.charter, name="charter"),
    path("access/locked/<str:capability>/", pages.locked, name="locked"),
    path("staff/access/", include(staff)),
    path("staff/people/", include(people)),
]
