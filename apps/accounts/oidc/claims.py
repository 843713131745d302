from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from allauth.socialaccount.models import SocialLogin


def directory_codes(sociallogin: SocialLogin) -> dict[str, str]:
    """Return the directory codes (`entity`, `department`, `site`, `job`) that the provider's claims give, as configured."""
    data = sociallogin.account.extra_data
    claims: dict[str, Any] = {**(data.get("id_token") or {}), **(data.get("userinfo") or {})}
    wanted: dict[str, str] = sociallogin.provider.app.settings.get("claims", {})
    found = {part: claims.get(claim) for part, claim in wanted.items()}
    return {part: value for part, value in found.items() if isinstance(value, str) and value}
