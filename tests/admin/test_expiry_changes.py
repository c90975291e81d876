"""A change of when points end: previewed from the policy form, confirmed, and only then real."""

import ledger
from loyalty.bootstrap import Application
from loyalty.cause import Cause, job_actor
from loyalty.lifetimes import list_expiry_changes
from loyalty.lifetimes.moving import move_ends_of_points
from loyalty.policy import policy_at
from tests.admin.conftest import Visitor
from tests.admin.shop import Shop
from tests.admin.test_forms import policy_values

POLICY = "/console/settings/policy"
PREVIEW = "/console/settings/policy/preview"


async def test_a_preview_tells_what_ends_when_and_changes_nothing_until_it_is_confirmed(
    application: Application, clerk: Visitor, shop: Shop
) -> None:
    values = await policy_values(clerk) | {"expiry_count": "12"}
    async with application.database.read() as connection:
        version = (await policy_at(connection, application.clock.now())).version
    previewed = await clerk.send(PREVIEW, values, fresh=False, of=POLICY)
    shown = await clerk.follow(previewed)
    async with application.database.read() as connection:
        same = (await policy_at(connection, application.clock.now())).version
    address = previewed.headers["location"].partition("?")[0]

    assert "Would end later" in shown.text
    assert "Publish and move the points" in shown.text
    assert same == version
    await clerk.get(address)
    first = await clerk.send(f"{address}/confirm", {}, fresh=False)
    second = await clerk.send(f"{address}/confirm", {}, fresh=False)
    begun = await clerk.follow(first)
    assert first.headers["location"] == second.headers["location"]
    assert "Being carried out" in begun.text
    assert begun.headers["refresh"] == "5"
    async with application.database.read() as connection:
        (change,) = await list_expiry_changes(connection)
    worker = Cause(application.clock.now(), job_actor("move-ends-of-points"), "test")
    await move_ends_of_points(application, worker, change=str(change.id))
    done = await clerk.get(address)
    assert "Carried out" in done.text
    async with application.database.read() as connection:
        now = application.clock.now()
        lots = await ledger.lots(connection, shop.regular.holder, at=now)
        assert (await policy_at(connection, now)).version == version + 1
    lives = [lot.expires_at and (lot.expires_at - lot.earned_at).days for lot in lots]
    assert lives
    assert all(days and days > 360 for days in lives)


async def test_a_preview_with_a_mistake_comes_back_to_the_policy_form(
    clerk: Visitor, shop: Shop
) -> None:
    values = await policy_values(clerk) | {"pending_days": "soon"}

    answer = await clerk.send(PREVIEW, values, fresh=False, of=POLICY)

    assert answer.status_code == 422
    assert "Please give a whole number." in answer.text
    assert "No change was previewed yet" in (await clerk.get("/console/settings/expiry")).text


async def test_a_preview_is_outdated_once_another_policy_is_published(
    clerk: Visitor, shop: Shop
) -> None:
    values = await policy_values(clerk) | {"expiry_count": "12"}
    previewed = await clerk.send(PREVIEW, values, fresh=False, of=POLICY)
    address = previewed.headers["location"].partition("?")[0]
    other = await policy_values(clerk) | {"hold_minutes": "45"}
    await clerk.send(POLICY, other, at=POLICY)

    shown = await clerk.get(address)
    refused = await clerk.send(f"{address}/confirm", {}, at=POLICY, of=POLICY)

    assert "Another policy was published since" in shown.text
    assert refused.status_code == 422
