"""The rules: each in one plain sentence, read-only."""

from typing import Any, Final

from litestar import Request, Response, get

import benefits
import tiers
from admin.guards import NEEDS, Needs
from admin.render import page
from admin.standings import tier_names
from admin.visit import visit_of
from admin.words import named

STAFF: Final = {NEEDS: Needs.STAFF}
PAGE_SIZE: Final = 50


@get("/console/rules", opt=STAFF)
async def rules_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """The newest version of every rule, by name."""
    visit = visit_of(request)
    after = visit.query.get("after", "")
    async with visit.application.database.snapshot() as connection:
        rules = await benefits.list_rules(connection, after=after, limit=PAGE_SIZE + 1)
        ladder = await tiers.live_ladder(connection)
        vouchers = await benefits.list_definitions(connection, limit=PAGE_SIZE)
        live = await connection.scalar(benefits.live_rule_set_version(visit.at))
        published: dict[str, int] = {}
        if live is not None:
            rule_set = await benefits.find_rule_set(connection, live)
            published = {one.name: one.version for one in rule_set.rules}
    shown = rules[:PAGE_SIZE]
    titles = {f"voucher:{one.name}": named(visit.voice, one.titles, one.name) for one in vouchers}
    names = {**tier_names(visit.voice, ladder), **titles}
    return page(
        request,
        "rules.html",
        rules=[
            (
                one,
                benefits.rule_sentence(
                    one.document,
                    language=visit.voice.name,
                    money=visit.voice.money,
                    names=names,
                ),
                published.get(one.rule),
            )
            for one in shown
        ],
        live=live,
        older=shown[-1].rule if len(rules) > PAGE_SIZE else None,
        paged=bool(after),
    )


ROUTES: Final = (rules_page,)
