"""One way each for what every app does: docs/architecture.md, “One way each”."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.routes import Route, routes
from tests.architecture.source import files, name_of, parsed

PEOPLE = {"user", "person", "actor", "viewer", "learner"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def sources() -> list[Path]:
    return [path for path in files(".py") if name_of(path).startswith("apps/") and "/migrations/" not in name_of(path)]


def serves_programs(path: Path) -> bool:
    """The API has requests of its own (rest_framework.request.Request)."""
    return "/api/" in name_of(path) or path.name == "api.py"


def written(pattern: str, *owners: str) -> list[str]:
    """Return what matches `pattern` in the apps, outside the modules that own it."""
    return [
        f"{name_of(path)}: {hit[0]}"
        for path in sources()
        if not name_of(path).startswith(owners or ("none",))
        for hit in re.finditer(pattern, path.read_text(), re.MULTILINE)
    ]


# The signed-in person ------------------------------------------------------------------------------------------------
def untyped_people(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            name, annotation = node.arg, node.annotation
        elif isinstance(node, ast.AnnAssign):
            name, annotation = ast.unparse(node.target).rpartition(".")[2], node.annotation
        elif isinstance(node, Function):
            name, annotation = node.name, node.returns
        else:
            continue
        if name in PEOPLE and annotation is not None and "Any" in ast.unparse(annotation):
            yield node


def reads_of_user(tree: ast.AST, typed: bool = False) -> Iterator[int]:
    """Yield the lines that read `request.user` of a request that is not a SignedInRequest."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, Function):
            given = {arg.arg: arg.annotation for arg in [*node.args.args, *node.args.kwonlyargs]}
            inside = typed
            if (annotation := given.get("request")) is not None:
                inside = ast.unparse(annotation).strip("'\"") == "SignedInRequest"
            yield from reads_of_user(node, inside)
            continue
        if isinstance(node, ast.Attribute) and node.attr == "user" and not typed and ast.unparse(node.value).endswith("request"):
            yield node.lineno
        yield from reads_of_user(node, typed)


def test_people_have_a_type() -> None:
    found = [
        f"{name_of(path)}:{getattr(node, 'lineno', 0)}"
        for path in sources()
        if not serves_programs(path)
        for node in untyped_people(parsed(path))
    ]
    assert not found


def test_who_asks_is_read_from_a_signed_in_request() -> None:
    """Elsewhere, where there may be somebody or nobody, `accounts.requests.visitor` says who."""
    found = [f"{name_of(path)}:{line}" for path in sources() if not serves_programs(path) for line in reads_of_user(parsed(path))]
    assert not found


def test_the_rule_finds_what_it_forbids() -> None:
    tree = ast.parse("def a(request: HttpRequest): return request.user\ndef b(request: SignedInRequest): return request.user")
    assert list(reads_of_user(tree)) == [1]
    assert len(list(untyped_people(ast.parse("user: Any = 1\ndef person(x) -> Any: ...\ndef f(actor: Any | None): ...")))) == 3


PAGES = [route for route in routes() if route.module.startswith("apps.") and not hasattr(route.view, "cls")]


@pytest.mark.parametrize("route", PAGES, ids=str)
def test_only_closed_pages_take_a_signed_in_request(route: Route) -> None:
    annotation = str(inspect.signature(inspect.unwrap(route.view)).parameters["request"].annotation)
    is_closed = getattr(route.view, "login_required", True)
    assert is_closed or not annotation.endswith("SignedInRequest"), "Whoever comes here may be nobody."


# htmx ----------------------------------------------------------------------------------------------------------------
def test_one_module_knows_the_headers_of_htmx() -> None:
    assert not written(r"""["']HX-[\w-]+["']""", "apps/core/htmx.py")


# Missing or forbidden ------------------------------------------------------------------------------------------------
MISSING = "apps/core/missing.py"


def test_one_error_says_that_something_is_not_there() -> None:
    """`core.missing.NotThere`: Django, the API and the socket each know what to answer."""
    assert not written(r"\b(Http404|get_object_or_404|get_list_or_404)\b", MISSING, "apps/api/", "apps/core/api/problems.py")
    assert not written(r"raise \w+\.DoesNotExist", MISSING)
    assert not written(r"LiveError\(\s*\"not_found\"", "apps/core/live/consumer.py")
    assert not written(
        r"except (ObjectDoesNotExist|NotThere)\b", MISSING, "apps/core/live/consumer.py", "apps/accounts/backends.py"
    )


def test_queries_that_get_one_thing_say_so() -> None:
    """`get_…`: for staff, behind a permission. `get_…_for(user, …)`: of that person. Both raise NotThere and never return
    None."""
    found = [path for path in sources() if "/queries" in name_of(path)]
    getters = [
        (name_of(path), node)
        for path in found
        for node in parsed(path).body
        if isinstance(node, Function) and node.name.startswith("get_")
    ]
    assert len(getters) > 15
    for name, node in getters:
        assert "NotThere" in (ast.get_docstring(node) or ""), f"{name}: {node.name} does not say that it raises NotThere."
        first = node.args.args[0].arg
        assert node.name.endswith("_for") == (first == "user"), f"{name}: {node.name} is (or is not) for somebody."


def test_services_that_take_ids_are_told_for_whom() -> None:
    """A service trusts the objects it is given. If it is given an id, it finds the object itself, for the person given with
    it."""
    doors = [path for path in sources() if "/views" in name_of(path) or path.name in {"commands.py", "api.py"}]
    asked = {
        node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        for path in doors
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call)
    }
    services = [
        (name_of(path), node)
        for path in sources()
        if "/services" in name_of(path)
        for node in parsed(path).body
        if isinstance(node, Function) and node.name in asked and not node.name.startswith("_")
    ]
    assert len(services) > 30
    for name, node in services:
        given = {arg.arg for arg in node.args.kwonlyargs}
        if any(arg.endswith("_id") for arg in given):
            assert given & {"user", "actor"}, f"{name}: {node.name} looks an id up for nobody."


# Roles and e-mails ---------------------------------------------------------------------------------------------------
def test_rights_come_from_roles_alone() -> None:
    """`accounts.roles.grant` says what a role carries, `accounts.services.set_roles` who has it."""
    change = r"\.(add|remove|set|clear)\("
    assert not written(rf"\bpermissions{change}", "apps/accounts/roles.py")
    assert not written(rf"\bgroups{change}", "apps/accounts/services/people.py")
    assert not written(rf"\buser_permissions{change}|\bis_superuser\b *=|assign_perm\(", "none")


def test_each_app_grants_its_own_rights() -> None:
    grants = [
        (name_of(path), ast.literal_eval(right).split(".")[0])
        for path in sources()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "grant"
        for right in node.args[1:]
    ]
    assert len(grants) > 8
    for name, app in grants:
        # Core knows no roles; the pages for its rights are the portal's.
        assert name == f"apps/{'portal' if app == 'core' else app}/apps.py"


def test_letters_have_one_owner() -> None:
    """`accounts.mail.queue`: through the outbox, encrypted while they wait."""
    assert not written(r"django\.core\.mail\b|\bsend_mail\(template_prefix=|\bmail_(admins|managers)\(", "apps/accounts/mail.py")


# What people talk to ------------------------------------------------------------------------------------------------
def test_the_standard_alias_has_one_owner() -> None:
    """`gateway.enums.STANDARD_ALIAS`; what it leads to and when that last answered: `gateway.queries`."""
    assert not written(r"^(?!\s*(#|\"\"\")).*[\"']almia-standard[\"']", "apps/gateway/enums.py")
    assert not written(r"Alias\.objects\.filter\((pk|code)=STANDARD_ALIAS", "apps/gateway/queries.py")
    assert not written(r"outcome=Outcome\.COMPLETED\)\s*\.order_by", "apps/gateway/queries.py")


# Sentences -----------------------------------------------------------------------------------------------------------
GETTEXT = re.compile(r"(_|n?p?gettext(_lazy|_noop)?)")


def filled_before_translation(tree: ast.AST) -> Iterator[int]:
    """Yield the lines that look up a sentence with its values already filled in: no catalogue has that one."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        if not GETTEXT.fullmatch(getattr(node.func, "id", getattr(node.func, "attr", ""))):
            continue
        for sentence in node.args:
            pasted = isinstance(sentence, ast.BinOp) and isinstance(sentence.op, ast.Mod | ast.Add)
            if pasted or isinstance(sentence, ast.JoinedStr) or ".format(" in ast.unparse(sentence):
                yield node.lineno


def test_sentences_are_translated_before_they_are_filled() -> None:
    """`_("%(name)s is gone.") % {"name": name}`, never `_(f"{name} is gone.")`."""
    tree = ast.parse('_(f"{a}"); gettext("%s" % a); ngettext("a", f"{b}", 2); _("{}".format(1)); _("a") % 1; gettext_lazy("b")')
    assert len(list(filled_before_translation(tree))) == 4
    assert not [f"{name_of(path)}:{line}" for path in sources() for line in filled_before_translation(parsed(path))]


# Refusals ------------------------------------------------------------------------------------------------------------
# What goes wrong below a service, and its sentence, if any, is for somebody else: a log, a file of a course, a program.
NOT_FOR_PEOPLE = "Exception|ValueError|OSError|LookupError"


def test_what_a_service_refuses_is_a_refusal() -> None:
    services = [path for path in sources() if "/services" in name_of(path) or path.name == "errors.py"]
    found = [
        f"{name_of(path)}: {node.name}"
        for path in services
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base) in NOT_FOR_PEOPLE.split("|") for base in node.bases)
        if not name_of(path).startswith(("apps/core/", "apps/server/"))
    ]
    assert not found, "Derive it from core.refusals.Refusal: the socket, the API and forms know what to do with it."


def test_refusals_are_put_into_words_in_one_place() -> None:
    """`refusals_on(form)`, `refusals_told(request)`, the socket's registry, the API's problems."""
    # One view of the quiz has an answer of its own to each of three refusals.
    owner = ("apps/core/refusals.py", "apps/learning/views/quiz.py")
    assert not written(r"messages\.\w+\(\s*request, str\((error|refusal)\)", *owner)
    assert not written(r"add_error\([^\n]*\bstr\((refusal)\)", *owner)
    commands = [path for path in sources() if path.name == "commands.py"]
    assert commands
    assert [name_of(path) for path in commands if "except " in path.read_text()] == []
