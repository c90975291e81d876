"""The catalogue of rewards: what points buy, in drafts and versions, with its stock."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final, cast

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
from admin.actors import actor_words, by_id
from admin.asked import further
from admin.errors import PageMissing
from admin.forms import Form, sent
from admin.guards import NEEDS, Needs
from admin.once import Effect, once
from admin.refusals import REFUSALS, sentence
from admin.render import page
from admin.reward_form import CHOICES, choices, document_from, field_of, labels_of, values_of
from admin.reward_form import LIMITS as LIMIT_ROWS
from admin.visit import Visit, visit_of
from admin.words import N_, Badge, badge, named
from loyalty.idempotency import Begun
from loyalty.rewards.catalogue import (
    change_draft,
    choose_tax_class,
    make_reward,
    publish_reward,
    retire_reward,
)
from loyalty.rewards.document import document_of
from loyalty.rewards.reading import find_reward, list_rewards, reward_versions
from loyalty.rewards.stock import change_stock, stock_changes
from loyalty.rewards.types import Kind, Reward, State, TaxClass, Terms
from loyalty.staff import list_people

STAFF: Final = {NEEDS: Needs.STAFF}
ADMIN: Final = {NEEDS: Needs.ADMIN}
FINANCE: Final = {NEEDS: Needs.FINANCE}
HERE: Final = "/console/rewards"
NEW: Final = "/console/rewards-new"
SHOWN: Final = 40
LISTED: Final = 12
VOUCHERS: Final = 100
LARGEST: Final = 10**9
STATES: Final = {
    "draft": (N_("Draft"), "warn"),
    "live": (N_("To be had"), "good"),
    "retired": (N_("No more"), ""),
}
TAX_CLASSES: Final = {
    "discount": N_("A discount: the points lower the price"),
    "single-purpose": N_("A single-purpose voucher: taxed when the points are given"),
    "multi-purpose": N_("A multi-purpose voucher: taxed when the points are used"),
}
STOCK_REASONS: Final = {
    "delivery": N_("A delivery came"),
    "count": N_("Counted again"),
    "damaged": N_("Damaged or lost"),
    "returned": N_("Sent back to the supplier"),
}
FIRST_STOCK: Final = {"initial": N_("The first stock")}
DEEDS: Final = frozenset({"publish", "retire", "stock"})


@get(HERE, opt=STAFF)
async def rewards_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """Every reward by its code."""
    visit = visit_of(request)
    asked, after = visit.query.get("state", ""), visit.query.get("after", "")
    state = cast("State", asked) if asked in STATES else None
    async with visit.application.database.read() as connection:
        found = await list_rewards(connection, state=state, after=after, limit=SHOWN + 1)
    shown, say = found[:SHOWN], visit.voice.say
    views = [(say("All"), further(visit, state="", after=""), not state)]
    views += [
        (say(words), further(visit, state=one, after=""), state == one)
        for one, (words, _) in STATES.items()
    ]
    return page(
        request,
        "rewards.html",
        rows=[(one, _title(visit, one), *_about(visit, one)) for one in shown],
        views=views,
        older=further(visit, after=shown[-1].code) if len(found) > SHOWN else None,
        paged=further(visit, after="") if after else None,
    )


@get(NEW, opt=ADMIN)
async def new_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """An empty reward as a form."""
    form = Form("reward", {"kind": "goods", "counted": "yes", "hidden": "no", "rank": "0"})
    return await _form(request, form, None, HTTPStatus.OK)


@post(NEW, opt=ADMIN)
async def new_form(request: Request[Any, Any, Any]) -> Response[Any]:
    """Make a reward; it is in the making until somebody publishes it."""
    visit, form = visit_of(request), await sent(request)
    cause = visit.cause()
    document, wrong = document_from(form, {}, visit.voice)
    kind = form.get("kind")
    if kind not in set(Kind):
        wrong["kind"] = visit.voice.say("Please choose what it is.")

    async def effect(connection: AsyncConnection, _: Begun) -> str:
        made = await make_reward(
            connection,
            cause,
            form.get("code"),
            Kind(kind),
            document,
            counted=form.get("counted") != "no",
        )
        return f"{HERE}/{made.code}?done=reward-made"

    if not wrong:
        try:
            return await once(visit, form, "console.make-reward", None, effect, then=HERE)
        except REFUSALS as error:
            wrong = _wrong(visit, error)
    again = form.form("reward", wrong)
    return await _form(request, again, None, HTTPStatus.UNPROCESSABLE_ENTITY)


@get(f"{HERE}/{{reward:str}}/change", opt=ADMIN)
async def change_page(request: Request[Any, Any, Any], reward: FromPath[str]) -> Response[Any]:
    """The draft of a reward, or its terms, as a form."""
    visit = visit_of(request)
    found = await _find(visit, reward)
    values = values_of(_document(found), visit.policy.currency, visit.policy.zone)
    return await _form(request, Form("reward", values), found, HTTPStatus.OK)


@post(f"{HERE}/{{reward:str}}/change", opt=ADMIN)
async def change_form(request: Request[Any, Any, Any], reward: FromPath[str]) -> Response[Any]:
    """Store the draft of the next version; what is published stays as it is."""
    visit, form = visit_of(request), await sent(request)
    cause, found = visit.cause(), await _find(visit, reward)
    document, wrong = document_from(form, _document(found), visit.voice)

    async def effect(connection: AsyncConnection, _: Begun) -> None:
        await change_draft(connection, cause, reward, document)

    if not wrong:
        then = f"{HERE}/{reward}?done=reward-changed"
        try:
            return await once(visit, form, "console.change-reward", None, effect, then=then)
        except REFUSALS as error:
            wrong = _wrong(visit, error)
    again = form.form("reward", wrong)
    return await _form(request, again, found, HTTPStatus.UNPROCESSABLE_ENTITY)


@get(f"{HERE}/{{reward:str}}", opt=STAFF)
async def reward_page(request: Request[Any, Any, Any], reward: FromPath[str]) -> Response[Any]:
    """One reward: what it costs, whom it is for, its stock and its versions."""
    return await _reward(request, reward, Form("reward"), HTTPStatus.OK)


@post(f"{HERE}/{{reward:str}}/{{deed:str}}", opt=ADMIN)
async def deed_form(
    request: Request[Any, Any, Any], reward: FromPath[str], deed: FromPath[str]
) -> Response[Any]:
    """Publish the draft of a reward, take it out of the catalogue, or change its stock."""
    visit, form = visit_of(request), await sent(request)
    cause = visit.cause()
    if deed not in DEEDS:
        raise PageMissing

    async def effect(connection: AsyncConnection, _: Begun) -> None:
        if deed == "publish":
            await publish_reward(connection, cause, reward, after=_whole(form.get("after")))
        elif deed == "retire":
            await retire_reward(connection, cause, reward)
        else:
            amount, reason = _whole(form.get("amount")) or 0, form.get("reason")
            await change_stock(connection, cause, reward, amount, reason=reason)

    wrong = {}
    if deed == "stock":
        if not _whole(form.get("amount")):
            wrong["amount"] = visit.voice.say(
                "Please give a whole number other than 0: 10 puts in, -10 takes out."
            )
        if form.get("reason") not in STOCK_REASONS:
            wrong["reason"] = visit.voice.say("Please choose one of the reasons.")
    return await _do(request, reward, deed, form.form(deed, wrong), effect)


@post(f"{HERE}/{{reward:str}}/tax-class", opt=FINANCE)
async def tax_form(request: Request[Any, Any, Any], reward: FromPath[str]) -> Response[Any]:
    """Choose what the points in a reward's price are for tax; finance alone may."""
    visit, form = visit_of(request), await sent(request)
    cause, chosen = visit.cause(), form.get("tax_class")
    wrong = {}
    if chosen not in TAX_CLASSES:
        wrong["tax_class"] = visit.voice.say("Please choose one of the classes.")

    async def effect(connection: AsyncConnection, _: Begun) -> None:
        await choose_tax_class(connection, cause, reward, TaxClass(chosen))

    return await _do(request, reward, "tax-class", form.form("tax", wrong), effect)


async def _do(
    request: Request[Any, Any, Any], reward: str, deed: str, kept: Form, effect: Effect
) -> Response[Any]:
    """Do it once, or show the page again with what is wrong."""
    visit, form = visit_of(request), await sent(request)
    if not kept.errors:
        then = f"{HERE}/{reward}?done=reward-{deed}"
        try:
            return await once(visit, form, f"console.reward-{deed}", None, effect, then=then)
        except REFUSALS as error:
            kept = kept.wrong({"": sentence(visit.voice, error)})
    return await _reward(request, reward, kept, HTTPStatus.UNPROCESSABLE_ENTITY)


async def _reward(
    request: Request[Any, Any, Any], reward: str, form: Form, status: HTTPStatus
) -> Response[Any]:
    visit, say = visit_of(request), visit_of(request).voice.say
    async with visit.application.database.snapshot() as connection:
        found = await find_reward(connection, reward)
        versions = await reward_versions(connection, reward, limit=LISTED)
        changes = await stock_changes(connection, reward, limit=LISTED)
        people = by_id(await list_people(connection))
    state, kind, price = _about(visit, found)
    draft, terms = found.draft, _terms(found)
    return page(
        request,
        "reward.html",
        status=status,
        form=form,
        one=found,
        terms=terms,
        title=_title(visit, found),
        words="" if terms is None else named(visit.voice, terms.texts, ""),
        when=None if terms is None else json.dumps(terms.when, ensure_ascii=False),
        address=f"{HERE}/{found.code}",
        state=state,
        kind=kind,
        price=price,
        draft=None if draft is None else _price(visit, draft.terms),
        tax_class=None if draft is None or draft.tax_class is None else draft.tax_class.value,
        tax_classes=[(code, say(words)) for code, words in TAX_CLASSES.items()],
        tax_words={code: say(words) for code, words in TAX_CLASSES.items()},
        reasons=[(code, say(words)) for code, words in STOCK_REASONS.items()],
        stock_words={code: say(words) for code, words in (STOCK_REASONS | FIRST_STOCK).items()},
        limits=_limits(visit, terms),
        versions=[
            (one, _price(visit, one.terms), actor_words(visit.voice, one.actor, people))
            for one in versions
        ],
        changes=[(one, actor_words(visit.voice, one.actor, people)) for one in changes],
    )


async def _form(
    request: Request[Any, Any, Any], form: Form, found: Reward | None, status: HTTPStatus
) -> Response[Any]:
    visit = visit_of(request)
    async with visit.application.database.read() as connection:
        definitions = await benefits.list_definitions(connection, limit=VOUCHERS)
    none = [("", visit.voice.say("none"))]
    return page(
        request,
        "reward_form.html",
        status=status,
        form=form,
        one=found,
        address=NEW if found is None else f"{HERE}/{found.code}/change",
        back=HERE if found is None else f"{HERE}/{found.code}",
        labels=labels_of(visit.voice),
        choices=choices(visit.voice),
        limits=list(LIMIT_ROWS),
        definitions=none
        + [(one.name, named(visit.voice, one.titles, one.name)) for one in definitions],
    )


async def _find(visit: Visit, reward: str) -> Reward:
    async with visit.application.database.read() as connection:
        return await find_reward(connection, reward)


def _terms(found: Reward) -> Terms | None:
    said = found.published or found.draft
    return None if said is None else said.terms


def _document(found: Reward) -> Mapping[str, Any]:
    said = found.draft or found.published
    return {} if said is None else document_of(said.terms)


def _title(visit: Visit, found: Reward) -> str:
    terms = _terms(found)
    return found.code if terms is None else named(visit.voice, terms.titles, found.code)


def _about(visit: Visit, found: Reward) -> tuple[Badge, str, str]:
    words = CHOICES["kind"][found.kind.value]
    return (
        badge(visit.voice, STATES, found.state),
        visit.voice.say(words),
        _price(visit, _terms(found)),
    )


def _price(visit: Visit, terms: Terms | None) -> str:
    if terms is None:
        return ""
    points = visit.voice.count("%(number)s point", "%(number)s points", terms.points)
    if not terms.money:
        return points
    money = visit.voice.money(terms.money)
    return visit.voice.say("%(points)s and %(money)s", points=points, money=money)


def _limits(visit: Visit, terms: Terms | None) -> list[str]:
    voice, every, per = visit.voice, CHOICES["every"], CHOICES["per"]
    told = () if terms is None else terms.limits
    words = [(one.quantity, every[one.every.value], per[one.per.value]) for one in told]
    return [
        voice.say(
            "%(number)s %(every)s %(per)s",
            number=voice.number(quantity),
            every=voice.say(time),
            per=voice.say(whose),
        )
        for quantity, time, whose in words
    ]


def _whole(text: str) -> int | None:
    plain = text.replace(",", "").replace("\N{MINUS SIGN}", "-")
    digits = plain.removeprefix("-").removeprefix("+")
    if not (digits.isascii() and digits.isdecimal()) or int(digits[:12]) > LARGEST:
        return None
    return int(plain)


def _wrong(visit: Visit, error: Exception) -> dict[str, str]:
    if getattr(error, "code", "") == "reward-code-taken":
        return {"code": sentence(visit.voice, error)}
    return {field_of(getattr(error, "pointer", "") or ""): sentence(visit.voice, error)}


ROUTES: Final = (
    rewards_page,
    new_page,
    new_form,
    change_page,
    change_form,
    reward_page,
    deed_form,
    tax_form,
)
