"""Whatever a room seals is in the inventory, so that re-sealing reaches it: by the columns' types, and by what the source says."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from idp.schema import metadata
from idp.sealed import PLACES

ROOT = Path(__file__).parents[2]
# These hand on a context that their callers name.
HANDING_ON = {"idp/keys/vault.py", "idp/keys/resealing.py", "idp/certification/office.py"}
# Sealed under the master key, and so anew when that changes.
UNDER_MASTER = {"idp/keys/sealing.py"}


def shape(context: str) -> str:
    """A context without the names of what differs: ``person:{}:phone``."""
    return re.sub(r"{[\w.]*}", "{}", context)


def matches(pattern: str) -> bool:
    """Whether a declared place has this context. What differs may be a word of it, such as a column's name."""
    wanted = re.compile(re.escape(pattern).replace(r"\{\}", r"[^:]+"))
    return any(wanted.fullmatch(shape(place.pattern)) for place in PLACES)


def template(expression: ast.expr, module: ast.Module, everywhere: dict[str, list[ast.FunctionDef]]) -> str | None:
    """The context that an expression makes, where it is an f-string or a function that returns one."""
    if isinstance(expression, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in expression.values)
    if isinstance(expression, ast.Call) and isinstance(expression.func, ast.Name | ast.Attribute):
        name = expression.func.id if isinstance(expression.func, ast.Name) else expression.func.attr
        here = [node for node in module.body if isinstance(node, ast.FunctionDef) and node.name == name]
        found = here or everywhere.get(name, [])
        returned = found[0].body[-1] if len(found) == 1 else None
        if isinstance(returned, ast.Return) and returned.value is not None:
            return template(returned.value, module, everywhere)
    return None


def modules() -> dict[str, ast.Module]:
    """Those that seal or say a context."""
    texts = {path: path.read_text() for path in sorted((ROOT / "idp").rglob("*.py"))}
    telling = re.compile(r"\.seal(_signer)?\(|context(_of)?\(")
    return {str(path.relative_to(ROOT)): ast.parse(text) for path, text in texts.items() if telling.search(text)}


def sealings(module: ast.Module) -> Iterator[tuple[int, ast.expr]]:
    """Where a module seals, and the expression of the context: ``vault.seal(…, context=…)``, ``office.seal(…, …)``."""
    for node in ast.walk(module):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("seal", "seal_signer")):
            continue
        named = [keyword.value for keyword in node.keywords if keyword.arg == "context"]
        if named:
            yield node.lineno, named[0]
        elif isinstance(node.func.value, ast.Name) and node.func.value.id == "office":
            yield node.lineno, node.args[1]


def test_what_any_room_seals_is_sealed_for_a_declared_place() -> None:
    parsed = modules()
    functions: dict[str, list[ast.FunctionDef]] = {}
    for module in parsed.values():
        for node in module.body:
            if isinstance(node, ast.FunctionDef):
                functions.setdefault(node.name, []).append(node)
    seen, unknown = 0, []
    for path, module in parsed.items():
        if path in UNDER_MASTER | HANDING_ON:
            continue
        for line, expression in sealings(module):
            context = template(expression, module, functions)
            seen += 1
            if context is None or not matches(context):
                unknown.append(f"{path}:{line}: {context}")
    assert seen > 25
    assert not unknown, "declare the column as SealedText, or the payload as SealedPayload"


def test_every_column_that_is_called_sealed_says_its_place() -> None:
    declared = {place.name for place in PLACES}
    called = {str(c) for t in metadata.sorted_tables for c in t.columns if c.name.endswith("sealed")} - {"key.sealed"}
    assert called <= declared


def test_no_two_places_share_a_context() -> None:
    contexts = [place.pattern for place in PLACES if not place.name.startswith("outbox.")]
    assert len(contexts) == len(set(contexts))


@pytest.mark.parametrize(("pattern", "known"), [("person:{}:phone", True), ("person:{}:{}", True), ("person:{}:shoes", False)])
def test_a_context_is_recognised(pattern: str, *, known: bool) -> None:
    assert matches(pattern) is known
