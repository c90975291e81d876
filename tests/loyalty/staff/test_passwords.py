import asyncio
from datetime import timedelta

import pytest
from argon2 import extract_parameters
from argon2.low_level import Type

from loyalty.staff import PasswordGuessable, Passwords, PasswordTooLong, PasswordTooShort
from loyalty.staff.passwords import check_password
from loyalty.staff.throttle import network_bucket, wait_after

LONG = "correct horse battery staple"


async def test_a_password_is_kept_as_argon2id_of_at_least_64_mebibytes() -> None:
    hashed = await Passwords().hash(LONG)

    parameters = extract_parameters(hashed)
    assert parameters.type is Type.ID
    assert parameters.memory_cost >= 64 * 1024
    assert parameters.time_cost >= 3
    assert LONG not in hashed


async def test_only_the_right_password_matches_however_its_letters_are_composed() -> None:
    passwords = Passwords()
    hashed = await passwords.hash("Zu\u0308rich is by the lake")

    assert await passwords.matches(hashed, "Z\u00fcrich is by the lake")
    assert not await passwords.matches(hashed, "Zurich is by the lake")
    assert not await passwords.matches(None, "Z\u00fcrich is by the lake")


async def test_hashing_leaves_the_event_loop_free() -> None:
    turns, hashing = 0, asyncio.create_task(Passwords().hash(LONG))
    while not hashing.done():
        await asyncio.sleep(0)
        turns += 1

    assert turns > 10, "hashing within the loop leaves it two"
    assert await hashing


@pytest.mark.parametrize(
    ("password", "refusal"),
    [
        ("eleven char", PasswordTooShort),
        ("x" * 257, PasswordTooLong),
        ("aaaaaaaaaaaaaa", PasswordGuessable),
        ("ADA@example.com", PasswordGuessable),
    ],
)
def test_a_password_is_long_enough_and_not_the_first_guess(
    password: str, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        check_password(password, email="ada@example.com")


def test_each_further_guess_waits_twice_as_long_up_to_a_quarter_of_an_hour() -> None:
    waits = [wait_after(attempts, allowed=5) for attempts in range(4, 13)]

    seconds = [0, 30, 60, 120, 240, 480, 900, 900, 900]
    assert waits == [timedelta(seconds=one) for one in seconds]


def test_one_household_s_ipv6_addresses_are_one_network() -> None:
    assert network_bucket("2001:db8:1:2:3::1") == network_bucket("2001:db8:1:2:ffff::9")
    assert network_bucket("192.0.2.1") != network_bucket("192.0.2.2")
