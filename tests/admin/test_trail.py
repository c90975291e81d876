"""The trail about a member in words: every deed that is recorded has its sentence."""

import ast
from collections.abc import Iterator
from pathlib import Path

from admin.trail import ACTIONS
from loyalty.bootstrap import Application
from loyalty.ids import show
from loyalty.keys import create_key, revoke_key
from tests.admin.conftest import Visitor, cause
from tests.admin.shop import Shop

SOURCE = Path(__file__).parents[2] / "loyalty"


def recorded() -> Iterator[tuple[str, str]]:
    """Every deed that some module records about a member."""
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            told = {one.arg: one.value for one in node.keywords}
            if node.func.id != "record_change" or "member" not in told:
                continue
            for kind in _texts(told["subject_kind"]):
                yield from ((kind, action) for action in _texts(told["action"]))


def _texts(node: ast.expr) -> list[str]:
    found = [one.value for one in ast.walk(node) if isinstance(one, ast.Constant)]
    return [one for one in found if isinstance(one, str)]


def test_every_deed_about_a_member_has_its_words() -> None:
    missing = set(recorded()) - ACTIONS.keys()

    assert len(set(recorded())) > 5
    assert missing == set()


async def test_a_key_of_a_member_is_on_record_in_words_until_it_ends(
    application: Application, admin: Visitor, shop: Shop
) -> None:
    because = cause(application)
    made, _ = await application.database.write(
        create_key, because, role="member", label="App", member=shop.stranger.id
    )
    await application.database.write(revoke_key, because, made.id)
    path = f"/console/members/{show('mem', shop.stranger.id)}"

    english = (await admin.get(path)).text
    chinese = (await admin.get(path, lang="zh")).text

    assert "A key of this member was made" in english
    assert "A key of this member was revoked" in english
    assert "key: " not in english
    assert "撤销了该会员的一个密钥" in chinese
