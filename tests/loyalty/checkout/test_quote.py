"""What a quote is bound to."""

from dataclasses import replace

from hypothesis import given, settings
from msgspec import structs

from benefits import Question
from loyalty.checkout.quote import cart_digest
from tests.benefits.strategies import questions
from tests.support.requirements import sample

thoroughly = settings(max_examples=sample(quick=30, full=1000), deadline=None)


@thoroughly
@given(questions())
def test_a_cart_that_differs_has_another_digest(question: Question) -> None:
    cart = question.cart
    first = cart.lines[0]
    others = [
        replace(cart, lines=(structs.replace(first, regular=first.regular + 1), *cart.lines[1:])),
        replace(cart, lines=(structs.replace(first, tax=first.tax + 1), *cart.lines[1:])),
        replace(cart, lines=(structs.replace(first, quantity=first.quantity + 1), *cart.lines[1:])),
        replace(cart, country="DE"),
        replace(cart, shipping_price=cart.shipping_price + 1),
        replace(cart, prices_include_tax=not cart.prices_include_tax),
    ]

    assert cart_digest(cart) == cart_digest(replace(cart))
    assert len({cart_digest(each) for each in [cart, *others]}) == len(others) + 1
