"""What a mail says, in both languages, and that it never says what it must not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from loyalty.event_types import EVENT_TYPES
from loyalty.outbox.mail import without_address
from loyalty.outbox.notices import NOTICE_OF, NOTICES, notices_for
from loyalty.outbox.rendering import FOLDER, write_mail
from loyalty.outbox.wording import (
    LANGUAGES,
    NOTICE_BEFORE,
    Surroundings,
    VoucherWords,
    language_of,
    words_of,
)

AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
RANKS = {"standard": 0, "silver": 1, "gold": 2}
AROUND = Surroundings(
    unit={"en": "stars", "zh": "星星"},
    zone=ZoneInfo("America/New_York"),
    language="en",
    tiers={"silver": {"en": "Silver", "zh": "银卡"}, "gold": {"en": "Gold", "zh": "金卡"}},
    voucher=VoucherWords({"en": "5 off", "zh": "立减五元"}, "BDAY-7Q", AT + timedelta(days=10)),
    plans={"prime": {"en": "Prime", "zh": "尊享会员"}},
)
LOTS = [
    {"lot": "0", "points": 1_200, "expires_at": "2027-01-01T05:00:00+00:00"},
    {"lot": "1", "points": 34, "expires_at": "2027-01-01T05:00:00+00:00"},
    {"lot": "2", "points": 5, "expires_at": "2026-12-01T05:00:00+00:00"},
]
PRIME = {"membership": "mbs_1", "plan": "prime", "price": "monthly", "state": "active"}
EXAMPLES: dict[str, dict[str, Any]] = {
    "points-expiring": {"required": True, "asset": "points", "lots": LOTS},
    "points-expiring-soon": {"required": False, "asset": "points", "lots": LOTS},
    "tier-upgraded": {"before": "silver", "after": "gold"},
    "tier-downgraded": {"order": "ord_1", "tier": {"before": "gold", "after": "silver"}},
    "tier-will-fall": {"tier": "gold", "to": "silver", "on": "2027-02-03"},
    "voucher-issued": {"voucher": "v", "definition": "birthday"},
    "trial-ending": {**PRIME, "ends_at": AT.isoformat(), "amount": 990, "currency": "USD"},
    "renewal-ahead": {
        **PRIME,
        "renews_at": AT.isoformat(),
        "amount": 990,
        "currency": "USD",
        "saved": 1_250,
    },
    "membership-payment-failed": {**PRIME, "grace_ends_at": AT.isoformat()},
    "membership-cancelled": {**PRIME, "ends_at": AT.isoformat()},
    "membership-ended": {**PRIME, "ended_at": AT.isoformat()},
}


def written(template: str, language: str, around: Surroundings = AROUND) -> Any:
    words = words_of(EXAMPLES[template], around, language, at=AT)
    return write_mail(template, language, words, link="https://points.example/wallet/enter/t")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("template", NOTICE_OF)
def test_every_notice_is_written_in_every_language(template: str, language: str) -> None:
    mail = written(template, language)

    assert mail.subject
    assert "\n" not in mail.subject
    assert "{" not in mail.text + mail.subject
    assert mail.text.endswith(": https://points.example/wallet/enter/t\n")
    assert f'<html lang="{language}">' in mail.html
    for line in mail.text.splitlines()[:-1]:
        assert line in unescape(mail.html)


def test_every_template_belongs_to_a_notice_and_every_notice_to_an_event() -> None:
    files = {path.name for path in FOLDER.glob("*.txt")}

    assert files == {f"{name}.{language}.txt" for name in NOTICE_OF for language in LANGUAGES}
    assert {type_ for each in NOTICES for type_ in each.events} <= set(EVENT_TYPES)


def test_points_are_told_with_the_moment_at_which_they_really_lapse() -> None:
    """A lot that needs a notice lives for thirty days after this one."""
    required, reminder = written("points-expiring", "en"), written("points-expiring-soon", "en")

    assert required.subject == "1,239 stars will expire"
    assert "– 5 stars: December 21, 2026, 4:30:00" in required.text
    assert "– 1,234 stars: January 1, 2027, 12:00:00" in required.text
    assert "EST" in required.text
    assert timedelta(days=30) == NOTICE_BEFORE
    assert "– 5 stars, until December 1, 2026, 12:00:00" in reminder.text


def test_chinese_mails_use_chinese_names_and_dates() -> None:
    assert written("tier-upgraded", "zh").subject == "恭喜您升级为金卡"
    assert "2027年2月3日" in written("tier-will-fall", "zh").text
    assert "1,239 星星即将过期" in written("points-expiring", "zh").subject
    assert "券码：BDAY-7Q" in written("voucher-issued", "zh").text
    assert "将于 2026年11月21日" in written("renewal-ahead", "zh").text
    assert "for $9.90." in written("renewal-ahead", "en").text
    assert "saved you $12.50." in written("renewal-ahead", "en").text


@pytest.mark.parametrize(
    ("member", "programme", "expected"),
    [
        ("zh", "en", "zh"),
        ("zh-CN", "en", "zh"),
        ("fr", "zh", "zh"),
        (None, "zh", "zh"),
        ("fr", "de", "en"),
        (None, "fr-CA", "en"),
    ],
)
def test_the_language_is_the_member_s_else_the_programme_s_else_english(
    member: str | None, programme: str, expected: str
) -> None:
    assert language_of(member, programme) == expected


def test_a_name_missing_in_a_language_falls_back_and_an_unknown_tier_is_its_code() -> None:
    around = replace(AROUND, tiers={"gold": {"fr": "Or"}}, unit={"en": "stars"})

    mail = written("tier-upgraded", "zh", around)

    assert mail.subject == "恭喜您升级为Or"
    assert "silver" in mail.text


def test_names_cannot_break_out_of_the_html_or_the_subject() -> None:
    nasty = {"en": "<script>alert(1)</script>\nBcc: x@example.com"}
    mail = written("tier-upgraded", "en", replace(AROUND, tiers={"gold": nasty}))

    assert "<script>" not in mail.html
    assert "&lt;script&gt;" in mail.html
    assert "\n" not in mail.subject


def test_a_template_that_names_what_nobody_fills_in_is_refused() -> None:
    with pytest.raises(ValueError, match="tier-upgraded cannot be filled"):
        write_mail("tier-upgraded", "en", {"unit": "stars"})


def test_a_voucher_without_an_end_has_none() -> None:
    around = replace(AROUND, voucher=VoucherWords({"en": "5 off"}, "BDAY-7Q", None))

    assert "until" not in written("voucher-issued", "en", around).text


@pytest.mark.parametrize(
    ("type_", "data", "templates"),
    [
        ("tier.changed", {"before": "silver", "after": "gold"}, ["tier-upgraded"]),
        ("tier.changed", {"before": "gold", "after": "standard"}, ["tier-downgraded"]),
        ("tier.changed", {"before": None, "after": "standard"}, []),
        ("order.completed", {"tier": {"before": "silver", "after": "gold"}}, ["tier-upgraded"]),
        ("order.returned", {"tier": {"before": "gold", "after": "silver"}}, ["tier-downgraded"]),
        ("order.completed", {"points_earned": 3}, []),
        ("order.placed", {}, []),
        ("points.expiring", {"required": True}, ["points-expiring"]),
        ("points.expiring", {"required": False}, ["points-expiring-soon"]),
        ("voucher.issued", {}, ["voucher-issued"]),
        ("member.joined", {}, []),
        ("membership.renewal-ahead", PRIME, ["renewal-ahead"]),
        ("membership.began", PRIME, []),
    ],
)
def test_an_event_is_told_by_the_notices_that_apply(
    type_: str, data: dict[str, Any], templates: list[str]
) -> None:
    assert [each.template for each in notices_for(type_, data, RANKS)] == templates


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        ("550 5.1.1 <Ann@Example.com>: no such user", "550 5.1.1 <<address>>: no such user"),
        ("550 user ann@example.com unknown", "550 user <address> unknown"),
        ("250 2.0.0 OK: queued as 4711", "250 2.0.0 OK: queued as 4711"),
        ("550 forwarded to other@example.org", "550 forwarded to <address>"),
    ],
)
def test_what_a_server_answers_is_kept_without_the_address(answer: str, kept: str) -> None:
    assert without_address(answer, "ann@example.com") == kept


def test_what_a_server_answers_is_kept_only_to_a_length() -> None:
    assert len(without_address("5" * 10_000, "ann@example.com")) == 500
