"""The strictness of the tests is tested: each guard catches what it is there for."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import pytest
from django.core.paginator import Paginator, UnorderedObjectListWarning
from django.db import connection, transaction
from django.template import Context, Template, engines
from django.utils import timezone

from apps.accounts.models import Entity, User
from apps.core.models import Heartbeat
from tests.factories.accounts import EntityFactory
from tests.strict import html, network, ordering, tasks, templates, writes


def ours(source: str) -> Template:
    """A template that counts as the project's own."""
    engine: Any = engines["django"]
    template = engine.from_string(source).template
    template.origin.name = str(engine.engine.dirs[0]) + "/test.html"
    return template  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    "source", ["{{ missing }}", "{{ there.missing }}", "{{ missing|upper }}", "{% if there %}{{ missing }}{% endif %}"]
)
def test_an_unknown_variable_fails(source: str) -> None:
    with pytest.raises(templates.UnknownVariable):
        ours(source).render(Context({"there": "yes"}))


@pytest.mark.parametrize(
    "source", ["{{ missing|default:'x' }}", "{% if missing %}x{% endif %}", "{{ there }}", "{% for x in missing %}{% endfor %}"]
)
def test_what_may_be_missing_does_not(source: str) -> None:
    ours(source).render(Context({"there": "yes"}))


@pytest.mark.django_db
def test_part_of_an_unordered_queryset_fails() -> None:
    with pytest.raises(ordering.UnorderedSlice):
        Heartbeat.objects.all()[:1]
    with pytest.raises(ordering.UnorderedSlice):
        Heartbeat.objects.all()[0]
    Heartbeat.objects.order_by("part")[:1]
    Heartbeat.objects.first()
    with pytest.raises(UnorderedObjectListWarning):
        Paginator(Heartbeat.objects.all(), 2).page(1)


@pytest.mark.django_db
def test_unordered_rows_come_in_another_order() -> None:
    for part in ("a", "b", "c"):
        Heartbeat.objects.create(part=part)
    assert [row.part for row in Heartbeat.objects.all()] != [row.part for row in Heartbeat.objects.order_by("pk")]
    first, second = EntityFactory.create(name="B"), EntityFactory.create(name="A")
    assert list(Entity.objects.all()) == [second, first], "What has an order keeps it."


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("2001:db8::1", 80), ("example.com", 443)])
def test_the_network_is_out_of_reach(address: tuple[str, int]) -> None:
    with pytest.raises(network.BeyondLoopback):
        socket.create_connection(address, timeout=1)


@pytest.mark.parametrize(
    "page",
    [
        "<script>1</script>",
        "<style>a{}</style>",
        "<p style='x'>",
        "<p onclick='x'>",
        "<p hx-on:click='x'>",
        "<a href=' javascript:x'>",
        "<img src='https://evil.example/x.png'>",
        "<script type=module>1</script>",
    ],
)
def test_inline_code_is_found(page: str) -> None:
    assert html.inspect(page)


def test_what_the_policy_allows_is_not() -> None:
    assert html.inspect("<script src='/static/x.js'></script><script type='application/json'>{}</script><p class=x>") == []


def _coroutine_test(body: Callable[[], Any]) -> Any:
    async def test() -> None:
        await body()

    class Item:
        obj = staticmethod(test)

    item: Any = Item()
    tasks.watch(item)
    return item.obj


def test_a_leaked_task_fails() -> None:
    async def leak() -> None:
        asyncio.get_running_loop().create_task(asyncio.sleep(30))

    with pytest.raises(tasks.LeakedTask, match="sleep"):
        asyncio.run(_coroutine_test(leak)())


def test_a_task_that_ends_soon_does_not() -> None:
    async def brief() -> None:
        asyncio.get_running_loop().create_task(asyncio.sleep(0.01))

    asyncio.run(_coroutine_test(brief)())


@pytest.mark.django_db
def test_a_naive_time_fails() -> None:
    with pytest.raises(RuntimeWarning):
        User.objects.filter(joined_at__gt=timezone.now().replace(tzinfo=None)).count()


@pytest.mark.django_db
def test_a_get_that_writes_fails() -> None:
    with pytest.raises(writes.WroteWhileReading), transaction.atomic(), connection.execute_wrapper(writes.guard):
        Heartbeat.objects.create(part="x")
    with connection.execute_wrapper(writes.guard):
        Heartbeat.objects.count()
