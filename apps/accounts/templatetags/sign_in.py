from __future__ import annotations

from django import template
from django.conf import settings
from django.utils.translation import gettext as _

from apps.accounts.demo import DemoAccount
from apps.accounts.demo import demo_accounts as find_demo_accounts

register = template.Library()

# In this order: Edge and Opera call themselves Chrome as well, and Chrome calls itself Safari.
BROWSERS = [("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari")]
SYSTEMS = [
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
]


@register.simple_tag
def demo_accounts() -> list[DemoAccount]:
    """The accounts for trying the portal; none outside the try-out."""
    return find_demo_accounts()


@register.simple_tag
def sign_up_is_open() -> bool:
    return bool(settings.OPEN_SIGNUP)


@register.filter
def browser(user_agent: str) -> str:
    """Say in words what a User-Agent header means: “Firefox, Windows”."""
    name = next((label for mark, label in BROWSERS if mark in user_agent), "")
    system = next((label for mark, label in SYSTEMS if mark in user_agent), "")
    return ", ".join(part for part in (name, system) if part) or _("Unknown browser")
