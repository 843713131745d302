from __future__ import annotations

import sys
from getpass import getpass
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.urls import reverse

from apps.accounts.addresses import check_email, normal_email, normal_password
from apps.accounts.enums import Role
from apps.accounts.errors import AccountError
from apps.accounts.models import User
from apps.accounts.roles import sync_roles
from apps.accounts.services import create_person, set_roles


class Command(BaseCommand):
    help = (
        "Make an administrator. This is where the first one comes from: nobody becomes one by signing up. "
        "Asks for the password, or reads it from standard input with --password-stdin."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--first-name", default="")
        parser.add_argument("--last-name", default="")
        parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
        parser.add_argument("--existing", action="store_true", help="give the role to somebody who has an account")

    def handle(self, *args: Any, **options: Any) -> None:
        email = normal_email(options["email"])
        try:
            check_email(email)
        except ValidationError:
            raise CommandError(f"{email} is not an e-mail address.") from None
        sync_roles()
        user = self._promote(email) if options["existing"] else self._create(email, options)
        self.stdout.write(f"{user.email} is an administrator.")
        self.stdout.write(f"What is left to do before colleagues come: {settings.BASE_URL}{reverse('portal:setting_up')}")

    def _promote(self, email: str) -> User:
        user = User.objects.filter(email=email).first()
        if user is None:
            raise CommandError(f"Nobody has the address {email}.")
        if not user.is_active:
            raise CommandError(f"The account {email} is closed.")
        present = {Role(name) for name in user.groups.filter(name__in=Role.values).values_list("name", flat=True)}
        set_roles(user=user, roles=present | {Role.ADMINISTRATOR}, actor=None)
        return user

    def _create(self, email: str, options: dict[str, Any]) -> User:
        if User.objects.filter(email=email).exists():
            raise CommandError(f"Somebody already has the address {email}. With --existing they get the role.")
        password = self._read_password(from_stdin=options["password_stdin"])
        draft = User(email=email, first_name=options["first_name"], last_name=options["last_name"])
        try:
            validate_password(normal_password(password), draft)
        except ValidationError as error:
            raise CommandError("This password is too weak. " + " ".join(error.messages)) from None
        try:
            # Both or neither; of two commands at once for one address, the database lets one through.
            with transaction.atomic():
                user = create_person(
                    email=email, first_name=draft.first_name, last_name=draft.last_name, password=password, actor=None
                )
                set_roles(user=user, roles={Role.ADMINISTRATOR}, actor=None)
        except AccountError as error:
            raise CommandError(str(error)) from None
        return user

    def _read_password(self, *, from_stdin: bool) -> str:
        if from_stdin:
            return sys.stdin.readline().rstrip("\r\n")
        password = getpass("Password: ")
        if getpass("Once more: ") != password:
            raise CommandError("The two are not the same.")
        return password
