"""A rule drawn as a form: what it says is what is stored, and a mistake stands beside its field."""

import html
import json
import re
from gettext import NullTranslations
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings

import benefits
from admin.language import Voice
from admin.rule_drawing import Names, drawn, labels_of
from admin.rule_reading import read_values
from admin.rule_values import Undrawable, values_of
from admin.rule_words import CHOICES, EFFECTS, LABELS, SAME_CHOICES
from benefits import GRAMMAR, FieldKind, RuleField
from loyalty.bootstrap import Application
from tests.admin.conftest import Visitor
from tests.admin.shop import Shop
from tests.benefits.strategies import rules as any_rule
from tests.support.requirements import sample

RULES = "/console/rules"
NEW = f"{RULES}/drafts/new"
TIERS = ("member", "silver", "gold")
VOICE = Voice("en", NullTranslations(), ZoneInfo("America/New_York"), "USD")
WHOLE: dict[str, Any] = {
    "rule": "autumn",
    "titles": {"en": "Autumn", "fr": "Automne", "zh": "秋"},
    "when": {
        "all": [
            {"fact": "tier", "in": ["silver", "gold"]},
            {"not": {"any": [{"fact": "channel", "is": "web"}, {"fact": "tags", "has": "vip"}]}},
            {"fact": "subtotal", "at-least": 5000, "where": {"fact": "brand", "is": "X"}},
        ]
    },
    "schedule": {
        "from": "2026-11-11T00:00:30+08:00",
        "weekdays": ["mon", "sun"],
        "hours": {"from": "18:00", "to": "24:00"},
        "days": [1, 15],
        "member_days": [{"every": "week", "weekday": "mon"}],
    },
    "effects": [
        {
            "effect": "percent-off",
            "percent": "10",
            "target": "lines",
            "units": 2,
            "pick": "dearest",
        },
        {"effect": "amount-off", "target": "order", "steps": [{"from": 20000, "amount": 2000}]},
        {"effect": "entitlement", "kind": "service-response", "hours": 4},
        {"effect": "earn", "points": 1, "per": 100},
    ],
    "limits": [{"count": "points", "for": "member", "every": "month", "most": 100}],
    "exclusive": True,
    "tell": False,
    "priority": 3,
}


def again(document: dict[str, Any]) -> tuple[dict[str, object], dict[str, str]]:
    """What a form says that was filled from a document and sent as it is."""
    read = read_values(values_of(document, VOICE), VOICE, TIERS)
    return read.document, read.wrong


def test_a_form_that_nobody_touched_says_what_the_rule_says() -> None:
    assert again(WHOLE) == (WHOLE, {})


def test_boxes_that_nobody_touched_keep_the_order_in_which_the_rule_has_them() -> None:
    when = {"fact": "tier", "in": ["gold", "silver"]}
    document = {"rule": "rule-1", "when": when, "effects": [{"effect": "free-shipping"}]}

    assert again(document) == (document, {})


def test_what_is_nested_too_deep_is_kept_as_json() -> None:
    when: dict[str, Any] = {"fact": "member", "is": True}
    for joint in ("any", "all") * 3:
        when = {joint: [when, {"fact": "first-order", "is": True}]}
    document = {"rule": "deep", "when": when, "effects": [{"effect": "free-shipping"}]}

    values = values_of(document, VOICE)

    assert again(document) == (document, {})
    assert [texts for texts in values.values() if texts == ("json",)]


def test_what_no_form_can_hold_is_named() -> None:
    for document, place in (
        ({"rule": "x", "wish": 1}, "/wish"),
        ({"rule": "x", "effects": [{"effect": "wish"}]}, "/effects/0/effect"),
        ({"rule": "x", "when": {"fact": "mood", "is": "good"}}, "/when/fact"),
        ({"rule": "x", "priority": [1]}, "/priority"),
    ):
        with pytest.raises(Undrawable) as refused:
            values_of(document, VOICE)
        assert refused.value.pointer == place


def fields_in(fields: tuple[RuleField, ...]) -> list[RuleField]:
    """The fields and those within them."""
    return [each for one in fields for each in (one, *fields_in(one.fields))]


def test_every_field_choice_and_effect_of_the_language_has_its_words() -> None:
    """The list of nodes is the language's; a new entry comes with what a form calls it."""
    options = [option for fact in GRAMMAR.facts.values() for option in fact.options]
    said = [field for effect in GRAMMAR.effects.values() for field in effect.fields]
    rights = [field for fields in GRAMMAR.rights.values() for field in fields]
    listed = fields_in((*GRAMMAR.rule, *options, *said, *rights))
    words = {FieldKind.WORD, FieldKind.WORDS}

    assert {field.name for field in listed} - set(LABELS) == set()
    unsaid = {
        (field.name, word)
        for field in listed
        if field.kind in words and field.name != "kind"
        for word in field.choices
        if word not in CHOICES.get(SAME_CHOICES.get(field.name, field.name), {})
    }
    assert unsaid == set()
    assert {*GRAMMAR.effects, *GRAMMAR.rights} - {"entitlement"} - set(EFFECTS) == set()


def test_each_part_of_a_drawn_rule_has_a_name_of_its_own() -> None:
    values = values_of(WHOLE, VOICE)

    labels = labels_of(drawn(values, VOICE, Names()).values())

    assert "r.when.1.0.value" in labels
    assert labels["r.effects.1.steps.0.amount"] == "Amount"


@settings(max_examples=sample(quick=25, full=1_000), deadline=None)
@given(any_rule(1))
def test_any_rule_that_is_drawn_and_sent_back_is_the_same_rule(document: dict[str, Any]) -> None:
    assert again(document) == (document, {})


class Builder:
    """The drawn form in the hands of somebody: fields are set, buttons pressed."""

    def __init__(self, visitor: Visitor, path: str = NEW) -> None:
        self.visitor, self.path = visitor, path
        self.page = ""
        self.status = 0

    async def open(self, **query: str) -> "Builder":
        answer = await self.visitor.get(self.path, **query)
        self.page, self.status = answer.text, answer.status_code
        return self

    async def press(self, verb: str, **values: str) -> str:
        """Press a button with some fields set; dots in a name are written as two underscores."""
        changed = {name.replace("__", "."): text for name, text in values.items()}
        held = {**filled(self.page), **changed, "verb": verb}
        answer = await self.visitor.send(self.path, held, fresh=False)
        self.status = answer.status_code
        if answer.status_code == 303:
            answer = await self.visitor.follow(answer)
        self.page = answer.text
        return self.page

    async def add(self, where: str, what: str) -> str:
        return await self.press(f"add:{where}", **{f"{where}.add".replace(".", "__"): what})

    @property
    def sentence(self) -> str:
        (words,) = re.findall(r'<div data-said role="status"><p[^>]*>(.*?)</p>', self.page)
        return html.unescape(words)


def filled(page: str) -> dict[str, Any]:
    """What a browser would send of the drawn form as it is."""
    (form,) = re.findall(r"<form [^>]*data-live>.*?</form>", page, re.DOTALL)
    values = re.findall(
        r'<input (?:id="[^"]*" |type="hidden" )?name="([^"]*)"[^>]*? value="([^"]*)"', form
    )
    areas = re.findall(r'<textarea [^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', form, re.DOTALL)
    selects = {
        name: next(iter(re.findall(r'value="([^"]*)" selected', options)), "")
        for name, options in re.findall(r'<select [^>]*name="([^"]*)"[^>]*>(.*?)</select>', form)
    }
    held: dict[str, Any] = {
        name: html.unescape(text) for name, text in (*values, *areas, *selects.items())
    }
    for name, code in re.findall(r'type="checkbox" name="([^"]*)" value="([^"]*)" checked', form):
        held[name] = [*held.get(name, []), code]
    return held


async def test_a_rule_is_built_said_and_stored_as_it_was_said(
    application: Application, admin: Visitor, shop: Shop
) -> None:
    builder = await Builder(admin).open()
    assert builder.sentence.startswith("Not a whole rule yet")
    await builder.add("r.effects", "percent-off")
    await builder.add("r.when", "fact:tier")
    await builder.add("r.when", "none")
    await builder.add("r.when.1", "fact:channel")
    await builder.press(
        "look", r__rule="spring", r__titles__en="Spring", r__effects__0__percent="12.5",
        r__effects__0__target="order", r__when__0__op="at-least", r__when__0__value="gold",
        r__when__1__0__op="in", r__when__1__0__value="web\r\napp",
    )  # fmt: skip
    assert builder.sentence == (
        "12.5% off the order when the tier is at least Gold and"
        " not (the channel is one of web or app)."
    )
    written = await builder.press("written")
    assert "&#34;at-least&#34;: &#34;gold&#34;" in written

    builder = await Builder(admin).open()
    for where, what in (("r.effects", "gift"), ("r.effects", "earn"), ("r.when", "fact:subtotal")):
        await builder.add(where, what)
    await builder.press("drop:r.effects.1")
    stored = await builder.press(
        "store", r__rule="gift-from-50", r__effects__0__sku="PAN-1", r__effects__0__choose="A\nB",
        r__when__0__op="at-least", r__when__0__value="50.00", r__tell="yes",
    )  # fmt: skip

    assert "The draft is stored" in stored
    async with application.database.read() as connection:
        (draft,) = await benefits.list_rule_drafts(connection)
    assert [dict(one) for one in draft.change.rules] == [
        {
            "rule": "gift-from-50",
            "when": {"fact": "subtotal", "at-least": 5000},
            "effects": [{"effect": "gift", "sku": "PAN-1", "choose": ["A", "B"]}],
            "tell": True,
        }
    ]


async def test_a_rule_in_the_making_is_told_what_it_lacks_and_is_not_scolded(
    admin: Visitor, shop: Shop
) -> None:
    builder = await Builder(admin).open()
    said, pages = [], []
    for where, what in (
        ("r.when", "fact:channel"),
        ("r.effects", "percent-off"),
        ("r.effects.0.where", "fact:sku"),
    ):
        pages.append(await builder.add(where, what))
        said.append(builder.sentence)
    pages.append(await builder.press("look", r__rule="x", r__when__0__value="web"))
    said.append(builder.sentence)
    stored = await builder.press("store")

    assert said == [
        "Not a whole rule yet: The channel: with what: Please say what it is.",
        "Not a whole rule yet: The channel: with what: Please say what it is.",
        "Not a whole rule yet: The channel: with what: Please say what it is.",
        "Not a whole rule yet: The SKU: with what: Please say what it is.",
    ]
    assert [page for page in pages if "Nothing was changed" in page or "aria-invalid" in page] == []
    assert builder.status == 422
    assert "Nothing was changed" in stored
    assert "aria-invalid" in stored


async def test_a_mistake_stands_beside_its_field_and_stores_nothing(
    application: Application, admin: Visitor, shop: Shop
) -> None:
    builder = await Builder(admin).open()
    await builder.add("r.effects", "amount-off")
    await builder.add("r.when", "fact:subtotal")
    good = {"r__rule": "x", "r__effects__0__amount": "5", "r__effects__0__target": "order",
            "r__when__0__op": "at-least", "r__when__0__value": "1"}  # fmt: skip
    for field, text, sentence in (
        ("r.when.0.value", "fifty", "Please give an amount such as 1.00."),
        ("r.when.0.value", "", "Please say what it is."),
        ("r.effects.0.amount", "0", "a whole number from 1 to"),
        ("r.effects.0.target", "", "It has nothing to work on"),
        ("r.rule", "Two Words", "lower case letters and digits"),
        ("r.rule", "", "Please say what it is."),
        ("r.when.0.step", "points", "that subtotal is not known yet"),
    ):
        page = await builder.press("store", **(good | {field.replace(".", "__"): text}))
        place = field if field != "r.effects.0.target" else "r.effects.0"
        assert builder.status == 422, field
        assert f'href="#f-rules-{place}"' in page, field
        assert re.search(rf'id="d-rules-{re.escape(place)}"><p class="wrong">[^<]*{sentence}', page)
        assert f'id="f-rules-{place}"' in page, field
    async with application.database.read() as connection:
        assert await benefits.list_rule_drafts(connection) == []


async def test_a_form_changes_what_it_says_and_nothing_else(
    application: Application, admin: Visitor, shop: Shop
) -> None:
    """Two rules and one that ends: the drawn one changes in one field, the rest stays."""
    other = {"rule": "base", "effects": [{"effect": "earn", "points": 2, "per": 100}]}
    shown = await admin.get(NEW, view="written")
    texts = {"documents": json.dumps([WHOLE, other]), "retired": "card-price", "verb": "store"}
    assert 'name="view" value="written"' in shown.text
    made = await admin.send(NEW, texts, fresh=False)
    draft = made.headers["location"].partition("?")[0]

    builder = await Builder(admin, f"{draft}/change").open()
    await builder.press("rule:1")
    page = await builder.press("store", r__effects__0__points="3")

    assert "The draft was changed" in page
    async with application.database.read() as connection:
        (kept,) = await benefits.list_rule_drafts(connection)
    tripled = {"rule": "base", "effects": [{"effect": "earn", "points": 3, "per": 100}]}
    assert [dict(one) for one in kept.change.rules] == [WHOLE, tripled]
    assert kept.change.retired == ("card-price",)


def test_a_limit_on_money_is_an_amount_and_one_on_points_a_figure() -> None:
    limits = [
        {"count": "money", "for": "all", "every": "year", "most": 150_000},
        {"count": "points", "for": "all", "most": 150_000},
    ]
    rule = {"rule": "autumn", "effects": [], "limits": limits}

    values = values_of(rule, VOICE)

    assert [values[f"r.limits.{place}.most"] for place in range(2)] == [("1500.00",), ("150000",)]
    assert read_values(values, VOICE, TIERS).document["limits"] == limits
