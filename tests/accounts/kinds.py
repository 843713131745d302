"""The lists of the directory, in the form tests need them."""

from __future__ import annotations

from typing import Any

import pytest

from apps.accounts.directory import KINDS, Kind
from tests.factories.accounts import DepartmentFactory, EntityFactory, JobRoleFactory, SiteFactory

ENTITIES, DEPARTMENTS, SITES, JOBS = KINDS
FACTORIES: dict[Kind, Any] = {ENTITIES: EntityFactory, DEPARTMENTS: DepartmentFactory, SITES: SiteFactory, JOBS: JobRoleFactory}
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
