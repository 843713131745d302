"""The practice bench through the real socket, a real server and a real upstream."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.core import crypto, db
from apps.gateway import answers
from apps.gateway.answers import Answer
from apps.gateway.enums import AnswerState
from apps.gateway.models import UsageEntry
from apps.learning import queries, services
from apps.learning.models import Bench, Exercise, PracticeTry
from apps.learning.queries.practice import MAX_PROMPT
from bench.upstream import Running
from tests.factories.accounts import UserFactory
from tests.factories.chat import make_model
from tests.factories.gateway import make_call
from tests.factories.learning import publish
from tests.live import LiveServer, Tab

pytestmark = pytest.mark.django_db(transaction=True)
WORDS = [str(number) for number in range(30)]


def prepare(upstream: Running, behaviour: str = "steady") -> tuple[User, Exercise]:
    """A person who has passed nothing yet, an exercise with three tries, a model."""
    publish()
    make_model(upstream.base_url, behaviour)
    return UserFactory(language="en"), Exercise.objects.get()


async def read(tab: Tab, text: str = "", seq: int = 0) -> tuple[str, dict[str, Any]]:
    """Assemble an answer as the page does; return it with the frame that ended it."""
    while True:
        frame = await tab.until(lambda frame: frame["type"].startswith("answer."))
        if frame["type"] == "answer.end":
            return text, frame
        assert frame["after"] == seq, "a gap or a double"
        text, seq = text + frame["text"], frame["seq"]


async def ask(tab: Tab, exercise: Exercise, prompt: str = "Count") -> dict[str, Any]:
    return await tab.ask({"type": "practice.ask", "exercise": exercise.pk, "prompt": prompt})


async def test_somebody_without_any_proof_practises(live_server_ws: LiveServer, upstream: Running) -> None:
    user, exercise = await db.run(prepare, upstream)
    async with live_server_ws.tab(await live_server_ws.sign_in(user)) as tab:
        started = await ask(tab, exercise, "Count, please")
        assert (started["type"], started["number"], started["left"]) == ("practice.started", 1, 2)
        assert started["left_text"] == "2 tries left"
        text, done = await read(tab)
    assert text.split() == WORDS
    assert (done["state"], done["left"]) == ("done", 2)
    assert '<p dir="auto">0 1 2' in done["html"]

    def stored() -> None:
        entry = PracticeTry.objects.get()
        assert entry.state == AnswerState.DONE
        assert b"Count" not in bytes(entry.prompt)
        page = queries.lesson_page(user, queries.readable_lessons().get(code="two"))
        assert page.bench is not None
        assert [shown.prompt for shown in page.bench.tries] == ["Count, please"]
        assert page.bench.left == 2
        usage = UsageEntry.objects.get()
        assert (usage.purpose, usage.reference, usage.user_id) == ("practice", str(entry.pk), user.pk)

    await db.run(stored)
    request = upstream.stats()["seen"][-1]["request"]
    assert services.practice.MAX_ANSWER_TOKENS in (request.get("max_tokens"), request.get("max_completion_tokens"))


async def test_a_reload_in_mid_answer_loses_and_doubles_nothing(live_server_ws: LiveServer, upstream: Running) -> None:
    user, exercise = await db.run(prepare, upstream, "tokens=30,interval=30,first=20")
    session = await live_server_ws.sign_in(user)
    async with live_server_ws.tab(session) as tab:
        name = (await ask(tab, exercise))["try"]
        first = await tab.next("answer.chunk")
    text, seq = first["text"], first["seq"]
    await asyncio.sleep(0.1)
    async with live_server_ws.tab(session) as tab:
        assert (await tab.ask({"type": "practice.resume", "try": name, "last_seq": seq}))["state"] == "streaming"
        text, done = await read(tab, text, seq)
        assert text.split() == WORDS
        assert done["state"] == "done"
        late = await tab.ask({"type": "practice.resume", "try": name})
        assert late["state"] == "done"


async def test_stopping_keeps_what_was_written_and_counts(live_server_ws: LiveServer, upstream: Running) -> None:
    user, exercise = await db.run(prepare, upstream, "tokens=400,interval=20,first=10")
    session = await live_server_ws.sign_in(user)
    async with live_server_ws.tab(session) as tab, live_server_ws.tab(session) as other:
        name = (await ask(tab, exercise))["try"]
        await tab.next("answer.chunk")
        assert (await other.ask({"type": "practice.stop", "try": name}))["type"] == "practice.stopping"
        done = await tab.next("answer.end")
    assert (done["state"], done["left"]) == ("stopped", 2)
    assert done["html"]
    await asyncio.sleep(0.2)
    assert upstream.stats()["open"] == 0


async def test_a_stop_asked_in_another_process_is_found(
    live_server_ws: LiveServer, upstream: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "KEEP_SECONDS", 0.05)
    monkeypatch.setattr(answers, "stop", lambda *args: None)  # the other process does not answer this try
    user, exercise = await db.run(prepare, upstream, "tokens=400,interval=20,first=10")
    async with live_server_ws.tab(await live_server_ws.sign_in(user)) as tab:
        name = (await ask(tab, exercise))["try"]
        await tab.ask({"type": "practice.stop", "try": name})
        assert (await tab.next("answer.end"))["state"] == "stopped"


@pytest.mark.parametrize("fault", ["500", "429", "half-event", "bad-json", "huge-token"])
async def test_a_model_that_fails_is_not_counted(live_server_ws: LiveServer, upstream: Running, fault: str) -> None:
    user, exercise = await db.run(prepare, upstream, fault)
    async with live_server_ws.tab(await live_server_ws.sign_in(user)) as tab:
        await ask(tab, exercise)
        _, done = await read(tab)
    assert (done["state"], done["left"]) == ("failed", 3)
    assert done["message"].endswith("This try was not counted.")
    assert await db.run(lambda: PracticeTry.objects.get().error_code) == done["code"]


@pytest.mark.parametrize(("fault", "code"), [("filtered", "content_refused"), ("too-long", "context_full")])
async def test_a_prompt_that_is_refused_uses_up_a_try(
    live_server_ws: LiveServer, upstream: Running, fault: str, code: str
) -> None:
    user, exercise = await db.run(prepare, upstream, fault)
    async with live_server_ws.tab(await live_server_ws.sign_in(user)) as tab:
        await ask(tab, exercise)
        _, done = await read(tab)
    assert (done["state"], done["code"], done["left"]) == ("stopped", code, 2)
    assert "not counted" not in done["message"]


async def test_a_provider_that_is_not_there(live_server_ws: LiveServer, upstream: Running) -> None:
    user, exercise = await db.run(prepare, upstream)
    from apps.gateway.models import Provider
    from apps.gateway.services.known import forget_registry

    await db.run(lambda: Provider.objects.update(base_url="http://127.0.0.1:9/v1"))
    forget_registry()
    async with live_server_ws.tab(await live_server_ws.sign_in(user)) as tab:
        await ask(tab, exercise)
        _, done = await read(tab)
    assert (done["state"], done["code"], done["left"]) == ("failed", "provider_unreachable", 3)


@pytest.mark.parametrize(("permissions", "way_out"), [([], None), (["gateway.manage_models"], "/staff/models/")])
async def test_without_a_model_nothing_is_stored(live_server_ws: LiveServer, permissions: list[str], way_out: str | None) -> None:
    def begin() -> tuple[User, Exercise]:
        publish()
        return UserFactory(permissions=permissions), Exercise.objects.get()

    user, exercise = await db.run(begin)
    async with live_server_ws.tab(await live_server_ws.sign_in(user)) as tab:
        refused = await ask(tab, exercise)
    assert (refused["type"], refused["code"]) == ("error", "not_configured")
    assert refused.get("url") == way_out, "Only who can put it right is told where."
    assert await db.run(PracticeTry.objects.count) == 0


async def test_tries_run_out(live_server_ws: LiveServer, upstream: Running) -> None:
    user, exercise = await db.run(prepare, upstream, "tokens=2,interval=1,first=1")
    async with live_server_ws.tab(await live_server_ws.sign_in(user)) as tab:
        for left in (2, 1, 0):
            assert (await ask(tab, exercise))["left"] == left
            await tab.next("answer.end")
        refused = await ask(tab, exercise)
    assert refused["code"] == "no_tries"
    assert "used all your tries" in refused["message"]


async def test_one_try_at_a_time(live_server_ws: LiveServer, upstream: Running) -> None:
    user, exercise = await db.run(prepare, upstream, "tokens=400,interval=20,first=10")
    session = await live_server_ws.sign_in(user)
    async with live_server_ws.tab(session) as tab, live_server_ws.tab(session) as second:
        both = await asyncio.gather(ask(tab, exercise), ask(second, exercise))
        assert sorted(frame["type"] for frame in both) == ["error", "practice.started"]
        name = next(frame["try"] for frame in both if "try" in frame)
        await tab.ask({"type": "practice.stop", "try": name})
        await asyncio.sleep(0.2)


@pytest.mark.parametrize(
    ("prompt", "code"),
    [
        ("", "bad_prompt"),
        ("   \n ", "bad_prompt"),
        ("x" * 2001, "bad_prompt"),
        ("Write to jeanne.martin@alcyon.fr", "real_data"),
        ("Her number is 2 85 05 78 006 084 36", "real_data"),
        ("Call 06 12 34 56 78, IBAN FR76 3000 6000 0112 3456 7890 189", "real_data"),
    ],
)
async def test_what_is_refused_before_anything_is_sent(
    live_server_ws: LiveServer, upstream: Running, prompt: str, code: str
) -> None:
    user, exercise = await db.run(prepare, upstream)
    before = upstream.stats()["requests"]
    async with live_server_ws.tab(await live_server_ws.sign_in(user)) as tab:
        refused = await ask(tab, exercise, prompt)
    assert (refused["type"], refused["code"]) == ("error", code)
    assert upstream.stats()["requests"] == before
    assert await db.run(PracticeTry.objects.count) == 0


async def test_somebody_elses_try_looks_like_none(live_server_ws: LiveServer, upstream: Running) -> None:
    user, exercise = await db.run(prepare, upstream, "tokens=400,interval=20,first=10")
    other = await db.run(UserFactory)
    async with (
        live_server_ws.tab(await live_server_ws.sign_in(user)) as tab,
        live_server_ws.tab(await live_server_ws.sign_in(other)) as thief,
    ):
        name = (await ask(tab, exercise))["try"]
        for type_ in ("practice.stop", "practice.resume"):
            theirs = await thief.ask({"type": type_, "try": name})
            nobodys = await thief.ask({"type": type_, "try": str(uuid.uuid4())})
            assert (
                (theirs["code"], theirs["message"]) == (nobodys["code"], nobodys["message"]) == ("not_found", theirs["message"])
            )
        assert await db.run(lambda: PracticeTry.objects.get().stop_asked_at) is None
        await tab.ask({"type": "practice.stop", "try": name})
        await tab.next("answer.end")


@pytest.mark.parametrize("frame", [{"exercise": 999999, "prompt": "x"}, {"exercise": "one", "prompt": "x"}, {"prompt": "x"}, {}])
async def test_frames_that_name_nothing(live_server_ws: LiveServer, upstream: Running, frame: dict[str, Any]) -> None:
    user, _ = await db.run(prepare, upstream)
    async with live_server_ws.tab(await live_server_ws.sign_in(user)) as tab:
        assert (await tab.ask({"type": "practice.ask", **frame}))["type"] == "error"


async def test_a_server_that_goes_down_gives_the_try_back(live_server_ws: LiveServer, upstream: Running) -> None:
    user, exercise = await db.run(prepare, upstream, "tokens=400,interval=20,first=10")
    async with live_server_ws.tab(await live_server_ws.sign_in(user)) as tab:
        await ask(tab, exercise)
        await tab.next("answer.chunk")
        await live_server_ws.run(answers.drain())
        done = await tab.next("answer.end")
    assert (done["state"], done["left"]) == ("interrupted", 3)


def an_open_try(upstream: Running, written: str = "") -> tuple[PracticeTry, crypto.Seal]:
    """A try that is being answered by nobody here."""
    user, exercise = prepare(upstream)
    bench = Bench.objects.create(user=user, exercise=exercise, data_key=crypto.new_data_key(user.pk))
    seal = crypto.open_seal(bench.data_key, user.pk)
    entry = PracticeTry(bench=bench)
    PracticeTry.prompt.write(entry, seal, "Count")
    PracticeTry.answer.write(entry, seal, written)
    entry.save()
    return entry, seal


def test_a_process_that_died_gives_the_try_back_with_what_was_kept(upstream: Running) -> None:
    entry, seal = an_open_try(upstream)
    plan = services.practice.TryPlan(
        id=entry.pk, language="en", call=make_call(upstream.base_url), bench_id=entry.bench_id, seal=seal
    )
    assert services.keep_try(plan=plan, text="0 1 2", seq=3) is False
    assert queries.tries_left(entry.bench) == 2
    assert answers.interrupt_lost() == 0  # it may still be answered elsewhere
    PracticeTry.objects.update(heartbeat_at=timezone.now() - answers.LOST_AFTER * 2)
    assert answers.interrupt_lost() == 1
    entry.refresh_from_db()
    assert (entry.state, entry.seq, PracticeTry.answer.read(entry, seal)) == (AnswerState.INTERRUPTED, 3, "0 1 2")
    assert entry.finished_at is not None
    assert queries.tries_left(entry.bench) == 3
    assert answers.interrupt_lost(alone=True) == 0


def test_what_has_ended_is_neither_kept_nor_ended_again(upstream: Running) -> None:
    entry, seal = an_open_try(upstream)
    plan = services.practice.TryPlan(
        id=entry.pk, language="en", call=make_call(upstream.base_url), bench_id=entry.bench_id, seal=seal
    )
    ended = Answer(AnswerState.DONE, "0 1 2", 3)
    told = services.end_try(plan=plan, answer=ended)
    assert (told["state"], told["left"], told["left_text"]) == ("done", 2, "2 tries left")
    services.keep_try(plan=plan, text="0", seq=1)
    assert services.end_try(plan=plan, answer=Answer(AnswerState.FAILED, "", 0, "timeout_idle"))["left"] == 2
    entry.refresh_from_db()
    assert (entry.state, entry.seq, PracticeTry.answer.read(entry, seal)) == (AnswerState.DONE, 3, "0 1 2")


async def test_a_try_of_a_dead_process_is_shown_as_far_as_it_was_kept(live_server_ws: LiveServer, upstream: Running) -> None:
    entry, _ = await db.run(an_open_try, upstream, "**0** 1")
    user = await db.run(lambda: entry.bench.user)
    async with live_server_ws.tab(await live_server_ws.sign_in(user)) as tab:
        assert (await tab.ask({"type": "practice.resume", "try": str(entry.pk)}))["state"] == "streaming"
        stored = await tab.next("answer.stored")
        assert (stored["state"], stored["text"], stored["left"]) == ("streaming", "**0** 1", 2)
        await db.run(answers.interrupt_lost, alone=True)
        await tab.ask({"type": "practice.resume", "try": str(entry.pk)})
        stored = await tab.next("answer.stored")
    assert (stored["state"], stored["left"], stored["left_text"]) == ("interrupted", 3, "3 tries left")
    assert "<strong>0</strong>" in stored["html"]


def test_a_destroyed_key_is_said_on_the_page(client: Client, upstream: Running) -> None:
    user, exercise = prepare(upstream)
    bench = Bench.objects.create(user=user, exercise=exercise, data_key=crypto.new_data_key(user.pk))
    PracticeTry.objects.create(bench=bench, prompt=b"x" * 40, state=AnswerState.DONE)
    crypto.destroy_owner_key(owner_id=user.pk)
    client.force_login(user)
    page = client.get(reverse("learning:lesson", args=["course", "two"]))
    assert page.status_code == 200
    assert "cannot be read at the moment" in page.content.decode()


async def test_a_prompt_is_counted_in_characters_however_its_lines_end(live_server_ws: LiveServer, upstream: Running) -> None:
    user, exercise = await db.run(prepare, upstream)
    longest = "😀\r\n" * (MAX_PROMPT // 2 - 1) + "ab"
    async with live_server_ws.tab(await live_server_ws.sign_in(user)) as tab:
        assert (await ask(tab, exercise, longest + "c"))["code"] == "bad_prompt"
        assert (await ask(tab, exercise, longest))["type"] == "practice.started"
        await read(tab)
