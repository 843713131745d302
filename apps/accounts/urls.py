from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from .views import account, demo, directory, identities, imports, mail, organisation, people, preferences, sessions, tokens

app_name = "accounts"

own: list[URLPattern | URLResolver] = [
    path("", account.account, name="account"),
    path("language/", preferences.language, name="set_language"),
    path("theme/", preferences.theme, name="set_theme"),
    path("session/", sessions.current, name="session"),
    path("tokens/new/", tokens.new, name="new_token"),
    path("tokens/<uuid:token_id>/revoke/", tokens.revoke, name="revoke_token"),
    path("demo/", demo.sign_in, name="demo_sign_in"),
]
person: list[URLPattern | URLResolver] = [
    path("", people.person, name="person"),
    path("edit/", people.edit, name="edit_person"),
    path("roles/", people.roles, name="set_roles"),
    path("invitation/", people.invite, name="invite_person"),
    path("close/", people.close, name="close_person"),
    path("open/", people.reopen, name="open_person"),
    path("sessions/", people.end_sessions, name="end_person_sessions"),
    path("second-factor/", people.reset_second_factor, name="reset_second_factor"),
    path("identities/<int:identity_id>/untie/", identities.untie, name="untie_identity"),
]
entry: list[URLPattern | URLResolver] = [
    path("", directory.entry, name="directory_entry"),
    path("merge/", directory.merge, name="merge_entry"),
    path("close/", directory.close, name="close_entry"),
    path("open/", directory.reopen, name="open_entry"),
]
directory_pages: list[URLPattern | URLResolver] = [
    path("", directory.index, name="directory"),
    path("<slug:kind>/new/", directory.new, name="new_entry"),
    path("<slug:kind>/import/", directory.upload, name="import_entries"),
    path("<slug:kind>/import/apply/", directory.apply, name="apply_entries"),
    path("<slug:kind>/export.<slug:form>", directory.export, name="export_entries"),
    path("<slug:kind>/<int:entry_id>/", include(entry)),
]
import_pages: list[URLPattern | URLResolver] = [
    path("", imports.one, name="people_import"),
    path("columns/", imports.columns, name="import_columns"),
    path("codes/", imports.codes, name="create_codes"),
    path("apply/", imports.apply, name="apply_import"),
    path("cancel/", imports.cancel, name="cancel_import"),
    path("progress/", imports.progress, name="import_progress"),
    path("lines.csv", imports.wrong, name="import_lines"),
    path("absent.csv", imports.absent, name="import_absent"),
]
staff: list[URLPattern | URLResolver] = [
    path("", people.index, name="people"),
    path("new/", people.new, name="new_person"),
    path("import/", imports.upload, name="import_people"),
    path("imports/", imports.index, name="imports"),
    path("imports/<uuid:import_id>/", include(import_pages)),
    path("directory/", include(directory_pages)),
    path("refused/", identities.refused, name="refused_sign_ins"),
    path("refused/<uuid:refused_id>/", identities.decide, name="refused_sign_in"),
    path("rules/", identities.rules, name="sign_in_rules"),
    path("<uuid:person_id>/", include(person)),
]
urlpatterns: list[URLPattern | URLResolver] = [
    path("accounts/sessions/", sessions.index, name="sessions"),  # instead of allauth's, which knows no tokens
    path("account/", include(own)),
    path("staff/people/", include(staff)),
    path("staff/mail/test/", mail.test, name="test_mail"),
    path("staff/organisation/", organisation.organisation, name="organisation"),
]
