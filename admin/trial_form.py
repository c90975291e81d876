"""A cart as fields of an address: what somebody wants to try a rule on."""

from dataclasses import dataclass, field
from typing import Final

from admin.asked import ref_text
from admin.forms import Form
from admin.language import Voice
from admin.rule_texts import Unreadable, read_text
from admin.visit import Visit
from admin.words import N_
from benefits import Cart, CartRefused, FieldKind, Line
from loyalty.checkout.basket import Basket
from loyalty.ids import MalformedId
from loyalty.members import Ref, read_member_ref, read_order_ref

LINES: Final = range(4)
PARTS: Final = ("sku", "category", "quantity", "price")
FIELDS: Final = (
    "member",
    "channel",
    "country",
    "method",
    "shipping",
    "codes",
    *(f"l{place}_{part}" for place in LINES for part in PARTS),
)
LABELS: Final = {
    "member": N_("Member"),
    "channel": N_("Channel"),
    "country": N_("Country"),
    "method": N_("Shipping method"),
    "shipping": N_("Price of shipping"),
    "codes": N_("Voucher codes"),
    "order": N_("Order"),
    "sku": N_("SKU"),
    "category": N_("Category"),
    "quantity": N_("How many"),
    "price": N_("Price of a unit"),
}


@dataclass(slots=True)
class TrialForm:
    """What was asked for: a cart, an order, or nothing yet."""

    form: Form
    member: Ref | None = None
    basket: Basket | None = None
    order: Ref | None = None
    wrong: dict[str, str] = field(default_factory=dict)


def labels_of(voice: Voice) -> dict[str, str]:
    """What each field is called, also those of a line."""
    labels = {name: voice.say(words) for name, words in LABELS.items()}
    return labels | {f"l{place}_{part}": labels[part] for place in LINES for part in PARTS}


def trial_form(visit: Visit) -> TrialForm:
    """Read what the address asks for; what cannot be read is said beside its field."""
    kept = {name: visit.query.get(name, "").strip() for name in (*FIELDS, "order")}
    if not any(kept.values()):
        kept |= {"l0_quantity": "1"}
    asked = TrialForm(Form("try", kept))
    if kept["order"]:
        asked.order = _ref(visit, kept["order"], "order", asked.wrong)
    elif any(kept[f"l{place}_price"] or kept[f"l{place}_sku"] for place in LINES):
        _read_cart(visit, kept, asked)
    asked.form = asked.form.wrong(asked.wrong)
    return asked


def _read_cart(visit: Visit, kept: dict[str, str], asked: TrialForm) -> None:
    if kept["member"]:
        asked.member = _ref(visit, kept["member"], "member", asked.wrong)
    lines = []
    for place in LINES:
        row = {part: kept[f"l{place}_{part}"] for part in PARTS}
        if not row["sku"] and not row["price"]:
            continue
        quantity = _number(visit, kept, f"l{place}_quantity", FieldKind.NUMBER, asked.wrong) or 1
        price = _number(visit, kept, f"l{place}_price", FieldKind.MONEY, asked.wrong)
        lines.append(
            (str(place + 1), row["sku"] or "-", quantity, price * quantity, row["category"])
        )
    shipping = _number(visit, kept, "shipping", FieldKind.MONEY, asked.wrong)
    if asked.wrong:
        return
    try:
        cart = Cart(
            visit.policy.currency,
            tuple(Line(*line) for line in lines),
            shipping_method=kept["method"],
            shipping_price=shipping,
            channel=kept["channel"],
            country=kept["country"],
        )
    except CartRefused as error:
        asked.wrong["l0_quantity"] = str(error)
        return
    asked.basket = Basket(cart, tuple(kept["codes"].replace(",", " ").split()))


def _number(
    visit: Visit, kept: dict[str, str], name: str, kind: FieldKind, wrong: dict[str, str]
) -> int:
    try:
        return int(str(read_text(kind, kept[name], visit.voice))) if kept[name] else 0
    except Unreadable:
        wrong[name] = (
            visit.voice.say("Please give an amount such as 1.00.")
            if kind is FieldKind.MONEY
            else visit.voice.say("Please give a whole number.")
        )
        return 0


def _ref(visit: Visit, text: str, name: str, wrong: dict[str, str]) -> Ref | None:
    """Somebody by our id or the shop's; without a prefix it is the shop's."""
    reader, prefix = (read_member_ref, "mem_") if name == "member" else (read_order_ref, "ord_")
    try:
        return reader(ref_text(text, prefix))
    except MalformedId:
        wrong[name] = visit.voice.say("Nobody and nothing goes by this.")
        return None
