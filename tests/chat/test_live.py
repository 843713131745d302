"""The chat through the real socket, a real server and a real upstream."""

from __future__ import annotations

import asyncio
import re
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone, translation

from apps.access.models import Award
from apps.access.services import revoke_award
from apps.accounts.models import User
from apps.chat import queries, services
from apps.chat.models import Conversation, Message, Run
from apps.core import db
from apps.gateway import answers
from apps.gateway.enums import AnswerState
from apps.gateway.models import UsageEntry
from bench.upstream import Running
from tests.chat.talking import Reader, begin, talker
from tests.factories.access import RequirementFactory, entitled_user
from tests.factories.accounts import UserFactory
from tests.factories.chat import make_conversation
from tests.live import LiveServer

pytestmark = pytest.mark.django_db(transaction=True)

WORDS = [str(number) for number in range(30)]


@pytest.mark.parametrize("permissions", [[], ["gateway.manage_models"]])
async def test_without_any_model_the_refusal_says_whom_to_turn_to(live_server_ws: LiveServer, permissions: list[str]) -> None:
    user = await db.run(lambda: entitled_user("chat.use", permissions=permissions))
    async with live_server_ws.tab(await live_server_ws.sign_in(user)) as tab:
        refused = await tab.ask({"type": "chat.send", "text": "Bonjour"})
    assert (refused["type"], refused["code"]) == ("error", "not_configured")
    assert "administrator" in refused["message"]
    assert refused.get("url") == ("/staff/models/" if permissions else None)
    assert not await db.run(Conversation.objects.exists)


async def test_an_answer_streams_is_stored_and_is_metered(live_server_ws: LiveServer, upstream: Running) -> None:
    user = await db.run(talker, upstream)
    session, conversation = await begin(live_server_ws, user)
    async with live_server_ws.tab(session) as tab:
        started = await tab.ask({"type": "chat.send", "conversation": conversation, "text": "Comptez"})
        assert started["type"] == "run.started"
        reader = await Reader().read(tab)
    assert reader.text.split() == WORDS
    assert reader.end
    assert reader.end["state"] == "done"

    def stored() -> None:
        run = Run.objects.get(pk=started["run"])
        seal = run.conversation.seal()
        assert (run.state, run.seq) == (AnswerState.DONE, reader.seq)
        assert Run.text.read(run, seal) == reader.text
        assert Message.text.read(run.message, seal) == "Comptez"
        assert b"Comptez" not in bytes(run.message.text)
        entry = UsageEntry.objects.get(reference=started["run"])
        assert (entry.user_id, entry.purpose, entry.tokens_out) == (user.pk, "chat", 30)
        assert entry.cost == (entry.tokens_in * 2 + 30 * 6) / 1_000_000 or entry.cost > 0
        assert Run.objects.get(pk=started["run"]).conversation.head_id == uuid.UUID(started["run"])

    await db.run(stored)


async def test_three_reloads_and_a_second_tab_lose_and_double_nothing(live_server_ws: LiveServer, upstream: Running) -> None:
    user = await db.run(talker, upstream, "tokens=30,interval=40,first=20")
    session, conversation = await begin(live_server_ws, user)
    reader = Reader()
    async with live_server_ws.tab(session) as tab:
        run = (await tab.ask({"type": "chat.send", "conversation": conversation, "text": "Comptez"}))["run"]
        await reader.read(tab, words=4)
    for words in (9, 14, 19):
        await asyncio.sleep(0.1)  # something is always missed
        async with live_server_ws.tab(session) as tab:
            assert (await tab.ask({"type": "chat.resume", "run": run, "last_seq": reader.seq}))["type"] == "run.state"
            await reader.read(tab, words=words)
    async with live_server_ws.tab(session) as tab, live_server_ws.tab(session) as second:
        await second.ask({"type": "chat.resume", "run": run})
        await tab.ask({"type": "chat.resume", "run": run, "last_seq": reader.seq})
        other, _ = await asyncio.gather(Reader().read(second), reader.read(tab))
    assert reader.text.split() == WORDS
    assert other.text == reader.text


async def test_stop_from_another_tab_closes_the_request_upstream(live_server_ws: LiveServer, upstream: Running) -> None:
    user = await db.run(talker, upstream, "tokens=300,interval=20,first=10")
    session, conversation = await begin(live_server_ws, user)
    before = upstream.stats()
    async with live_server_ws.tab(session) as tab, live_server_ws.tab(session) as other:
        run = (await tab.ask({"type": "chat.send", "conversation": conversation, "text": "Comptez"}))["run"]
        reader = await Reader().read(tab, words=5)
        await other.ask({"type": "chat.stop", "run": run})
        await reader.read(tab)
    assert reader.end
    assert reader.end["state"] == "stopped"
    numbers = [int(word) for word in reader.text.split()]
    assert numbers == list(range(len(numbers)))
    assert len(numbers) < 200

    def kept() -> None:
        stored = Run.objects.get(pk=run)
        assert stored.state == AnswerState.STOPPED
        assert Run.text.read(stored, stored.conversation.seal()) == reader.text
        assert UsageEntry.objects.filter(reference=run).count() == 1

    await db.run(kept)
    for _ in range(50):
        if upstream.stats()["disconnected"] > before["disconnected"]:
            break
        await asyncio.sleep(0.05)
    assert upstream.stats()["disconnected"] == before["disconnected"] + 1


async def test_closing_every_tab_does_not_stop_a_run(live_server_ws: LiveServer, upstream: Running) -> None:
    user = await db.run(talker, upstream)
    session, conversation = await begin(live_server_ws, user)
    async with live_server_ws.tab(session) as tab:
        run = (await tab.ask({"type": "chat.send", "conversation": conversation, "text": "Comptez"}))["run"]
    for _ in range(100):
        if await db.run(Run.objects.filter(pk=run, state=AnswerState.DONE).exists):
            break
        await asyncio.sleep(0.05)
    async with live_server_ws.tab(session) as tab:
        await tab.ask({"type": "chat.resume", "run": run})
        reader = await Reader().read(tab)
    assert reader.text.split() == WORDS


async def test_a_run_of_a_dead_process_is_interrupted_and_can_be_continued(live_server_ws: LiveServer, upstream: Running) -> None:
    user = await db.run(talker, upstream)
    session, conversation_id = await begin(live_server_ws, user)

    def orphan() -> str:
        from tests.factories.chat import add_message, add_run

        conversation = Conversation.objects.get(pk=conversation_id)
        message = add_message(conversation, "Comptez", follows=conversation.head)
        return str(add_run(conversation, message, "zéro un deux ", state=AnswerState.STREAMING).pk)

    run = await db.run(orphan)
    async with live_server_ws.tab(session) as tab:
        await tab.ask({"type": "chat.resume", "run": run})
        stored = await tab.next("answer.stored")
        assert (stored["text"], stored["state"]) == ("zéro un deux ", "streaming")
        assert await db.run(answers.interrupt_lost) == 0  # its heartbeat is recent: it may live elsewhere
        await db.run(Run.objects.filter(pk=run).update, heartbeat_at=timezone.now() - answers.LOST_AFTER * 2)
        assert await db.run(answers.interrupt_lost) == 1
        changed = await tab.next("conversation.changed")
        assert (changed["run"], changed["change"]) == (run, "ended")
        continued = await tab.ask({"type": "chat.continue", "run": run})
        reader = await Reader().read(tab)
    assert continued["run"] != run
    assert reader.text == "zéro un deux " + "".join(f"{word} " for word in WORDS)
    said = upstream.stats()["seen"][-1]["request"]["messages"]
    assert [message["role"] for message in said][-3:] == ["user", "assistant", "user"]
    assert said[-2]["content"] == "zéro un deux "


async def test_a_lost_right_refuses_the_next_message_and_says_why(live_server_ws: LiveServer, upstream: Running) -> None:
    user = await db.run(talker, upstream, "tokens=100,interval=30,first=10", language="fr")
    session, conversation = await begin(live_server_ws, user)
    async with live_server_ws.tab(session) as tab:
        run = (await tab.ask({"type": "chat.send", "conversation": conversation, "text": "Comptez"}))["run"]
        await Reader().read(tab, words=2)

        def revoke() -> str:
            award = Award.objects.get(user=user)
            revoke_award(award=award, actor=UserFactory(), reason="Erreur d’import")
            return award.training.title_fr

        title = await db.run(revoke)
        closed = await tab.next("closed")
        assert closed["key"] == f"answer:{run}"
        refused = await tab.ask({"type": "chat.send", "conversation": conversation, "text": "Encore"})
    assert (refused["type"], refused["code"]) == ("error", "locked")
    assert title in refused["message"]
    assert refused["missing"][0]["state"] == "revoked"


async def test_an_expiry_closes_the_chat_on_an_open_socket(live_server_ws: LiveServer, upstream: Running) -> None:
    user = await db.run(talker, upstream)
    session, conversation = await begin(live_server_ws, user)
    async with live_server_ws.tab(session) as tab:
        now = timezone.now()
        await db.run(
            Award.objects.filter(user=user).update,
            awarded_at=now - timedelta(days=2),
            expires_at=now - timedelta(seconds=1),
        )
        refused = await tab.ask({"type": "chat.send", "conversation": conversation, "text": "Encore"})
    assert refused["code"] == "locked"
    assert refused["missing"][0]["state"] == "expired"
    assert not await db.run(Message.objects.filter(conversation=uuid.UUID(conversation)).exclude(runs__state="done").exists)


@pytest.mark.parametrize("command", ["chat.send", "chat.edit", "chat.regenerate", "chat.continue", "chat.stop", "chat.resume"])
async def test_somebody_elses_and_missing_are_the_same_answer(
    live_server_ws: LiveServer, upstream: Running, command: str
) -> None:
    user = await db.run(talker, upstream)

    def theirs() -> Conversation:
        return make_conversation(UserFactory(), ("Secret", "Secret."))

    conversation = await db.run(theirs)
    message = await db.run(conversation.messages.get)
    field, own = {
        "chat.send": ("conversation", conversation.pk),
        "chat.edit": ("message", message.pk),
    }.get(command, ("run", conversation.head_id))
    answers = []
    async with live_server_ws.tab(await live_server_ws.sign_in(user)) as tab:
        for identity in (own, uuid.uuid4()):
            answer = await tab.ask({"type": command, field: str(identity), "text": "x"})
            answer.pop("ref")
            answers.append(answer)
    assert answers[0] == answers[1]
    assert answers[0]["code"] == "not_found"
    assert await db.run(conversation.runs.count) == 1


async def test_without_the_right_every_command_is_refused_alike(live_server_ws: LiveServer) -> None:
    def newcomer() -> User:
        RequirementFactory(capability="chat.use")
        return UserFactory()

    user = await db.run(newcomer)
    conversation = await db.run(make_conversation, user, ("a", "b"))
    async with live_server_ws.tab(await live_server_ws.sign_in(user)) as tab:
        for command in ("chat.send", "chat.edit", "chat.regenerate", "chat.continue", "chat.stop", "chat.resume"):
            frame = {"type": command, "text": "x", "conversation": str(conversation.pk), "run": str(conversation.head_id)}
            assert (await tab.ask({**frame, "message": str(uuid.uuid4())}))["code"] == "locked"


async def test_the_same_message_sent_twice_is_one_message(live_server_ws: LiveServer, upstream: Running) -> None:
    user = await db.run(talker, upstream, "tokens=30,interval=10,first=900")  # both are sent before the first word
    session, conversation = await begin(live_server_ws, user)
    frame = {"type": "chat.send", "conversation": conversation, "text": "Comptez", "message": str(uuid.uuid4())}
    async with live_server_ws.tab(session) as tab:
        first = await tab.ask(frame)
        again = await tab.ask(frame)
        reader = await Reader().read(tab)
    assert first["run"] == again["run"]
    assert reader.end
    assert await db.run(Message.objects.filter(conversation=uuid.UUID(conversation)).count) == 2


async def test_one_answer_at_a_time_in_a_conversation(live_server_ws: LiveServer, upstream: Running) -> None:
    user = await db.run(talker, upstream)
    session, conversation = await begin(live_server_ws, user)
    async with live_server_ws.tab(session) as tab:
        await tab.ask({"type": "chat.send", "conversation": conversation, "text": "Comptez"})
        busy = await tab.ask({"type": "chat.send", "conversation": conversation, "text": "Encore"})
        await Reader().read(tab)
    assert busy["code"] == "busy"
    assert await db.run(Message.objects.filter(conversation=uuid.UUID(conversation)).count) == 2


FAULTS = {
    "down": "provider_unreachable",
    "429": "rate_limited",
    "500": "provider_error",
    "half-chunk": "provider_unreachable",
    "huge-token": "too_large",
    "bad-json": "bad_answer",
    "reset": "provider_unreachable",
    "empty": "empty_answer",
    "no-done": "cut_off",
    "half-event": "cut_off",
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_provider_that_fails_is_said_and_loses_nothing(live_server_ws: LiveServer, upstream: Running, fault: str) -> None:
    user = await db.run(talker, upstream, fault, language="fr")
    session, conversation = await begin(live_server_ws, user)
    async with live_server_ws.tab(session) as tab:
        run = (await tab.ask({"type": "chat.send", "conversation": conversation, "text": "Mon texte"}))["run"]
        reader = await Reader().read(tab)
    assert reader.end
    assert (reader.end["state"], reader.end["code"]) == ("failed", FAULTS[fault])
    assert reader.end["message"]
    assert "Traceback" not in reader.end["message"]

    def kept() -> None:
        stored = Run.objects.get(pk=run)
        seal = stored.conversation.seal()
        turn = queries.branch(stored.conversation, seal)[-1]
        with translation.override("fr"):
            assert turn.failure == reader.end["message"], "It is told the same when it is read again."
        assert stored.state == AnswerState.FAILED
        assert stored.error_code == reader.end["code"]
        assert Message.text.read(stored.message, seal) == "Mon texte"
        assert Run.text.read(stored, seal) == reader.text

    await db.run(kept)


async def test_a_second_tab_hears_of_a_turn(live_server_ws: LiveServer, upstream: Running) -> None:
    user = await db.run(talker, upstream)
    session, conversation = await begin(live_server_ws, user)
    async with live_server_ws.tab(session) as tab, live_server_ws.tab(session) as other:
        run = (await tab.ask({"type": "chat.send", "conversation": conversation, "text": "Comptez"}))["run"]
        heard = await other.next("conversation.changed")
        await Reader().read(tab)
        ended = await other.next("conversation.changed")
        own = await tab.next("conversation.changed")
    assert (heard["change"], heard["run"]) == ("started", run)
    assert ended["change"] == "ended"
    assert own["change"] == "ended", "The tab that asked has its answer; it is not told as well."


async def test_text_is_kept_while_it_is_written(
    live_server_ws: LiveServer, upstream: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "KEEP_SECONDS", 0.1)
    user = await db.run(talker, upstream, "tokens=40,interval=30,first=10")
    session, conversation = await begin(live_server_ws, user)
    async with live_server_ws.tab(session) as tab:
        run = (await tab.ask({"type": "chat.send", "conversation": conversation, "text": "Comptez"}))["run"]
        await Reader().read(tab, words=20)

        def kept() -> tuple[int, str]:
            stored = Run.objects.get(pk=run)
            return stored.seq, Run.text.read(stored, stored.conversation.seal())

        seq, text = await db.run(kept)
        assert seq > 5
        assert re.fullmatch(r"(\d+ )+", text)
        # Another process was asked to stop: this one finds out when it next stores the text.
        await db.run(Run.objects.filter(pk=run).update, stop_asked_at=timezone.now())
        end = await tab.next("answer.end")
    assert end["state"] == "stopped"


async def test_ending_the_server_interrupts_runs_and_keeps_their_text(live_server_ws: LiveServer, upstream: Running) -> None:
    user = await db.run(talker, upstream, "tokens=300,interval=20,first=10")
    session, conversation = await begin(live_server_ws, user)
    async with live_server_ws.tab(session) as tab:
        run = (await tab.ask({"type": "chat.send", "conversation": conversation, "text": "Comptez"}))["run"]
        await Reader().read(tab, words=5)
        await live_server_ws.run(answers.drain())

    def interrupted() -> None:
        stored = Run.objects.get(pk=run)
        assert stored.state == AnswerState.INTERRUPTED
        assert len(Run.text.read(stored, stored.conversation.seal()).split()) >= 5

    await db.run(interrupted)


async def test_a_deleted_conversation_ends_its_run(live_server_ws: LiveServer, upstream: Running) -> None:
    user = await db.run(talker, upstream, "tokens=300,interval=20,first=10")
    session, conversation = await begin(live_server_ws, user)
    async with live_server_ws.tab(session) as tab:
        run = (await tab.ask({"type": "chat.send", "conversation": conversation, "text": "Comptez"}))["run"]
        await Reader().read(tab, words=3)
        await db.run(services.delete_conversation, user=user, conversation_id=uuid.UUID(conversation))
        end = await tab.next("answer.end")
    assert end["id"] == run
    assert not await db.run(Conversation.objects.filter(pk=conversation).exists)
    assert await db.run(UsageEntry.objects.filter(reference=run).count) == 1
