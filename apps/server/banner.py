"""What the terminal shows once Almia is up."""

from __future__ import annotations

from django.utils.translation import gettext as _


def banner(address: str) -> str:
    """Return the address and the demo accounts in a frame."""
    lines = [_("Almia is running at %(address)s") % {"address": address}, ""]
    accounts = _demo_accounts()
    if accounts:
        lines.append(_("Demo accounts"))
        width = max(len(email) for _role, email, _password in accounts)
        roles = max(len(role) for role, _email, _password in accounts)
        lines += [f"  {role:<{roles}}  {email:<{width}}  {password}" for role, email, password in accounts]
        lines.append("")
    lines.append(_("Ctrl-C stops everything."))
    inner = max(len(line) for line in lines) + 4
    framed = [f"│  {line:<{inner - 4}}  │" for line in lines]
    return "\n".join(["", f"╭{'─' * inner}╮", *framed, f"╰{'─' * inner}╯", ""])


def _demo_accounts() -> list[tuple[str, str, str]]:
    from apps.accounts.demo import demo_accounts

    return [(str(account.label), account.email, account.password) for account in demo_accounts()]
