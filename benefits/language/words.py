"""The words of the language in English and 中文, by fact, operator, step and code. Data only.

A test names every fact, operator, effect and reason code that lacks its words.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

LANGUAGES: Final = ("en", "zh")


def _table(**rows: tuple[str, str]) -> Mapping[str, tuple[str, str]]:
    """A table of English and Chinese; underscores in a name stand for dashes."""
    return MappingProxyType({name.replace("_", "-"): row for name, row in rows.items()})


FACT_WORDS: Final = _table(
    member=("the customer is a member", "顾客是会员"),
    tier=("the tier", "等级"),
    plan=("the plan", "付费方案"),
    plan_state=("the state of the plan", "付费方案状态"),
    days_since_plan=("days since the paid membership began", "付费会员天数"),
    **{"class": ("the member class", "会员类别")},
    days_since_joining=("days since joining", "入会天数"),
    birthday=("the birthday", "生日"),
    tags=("the tags", "标签"),
    lists=("the lists of members", "会员名单"),
    first_order=("this is the first order", "为首单"),
    order_count=("the number of earlier orders", "历史订单数"),
    days_since_last_order=("days since the last order", "距上次下单天数"),
    subtotal=("the subtotal", "商品小计"),
    quantity=("the quantity", "件数"),
    channel=("the channel", "渠道"),
    country=("the country", "国家或地区"),
    shipping_method=("the shipping method", "配送方式"),
    voucher_codes=("the codes entered", "所填优惠码"),
    voucher=("the voucher", "优惠券"),
    sku=("the SKU", "SKU"),
    category=("the category", "品类"),
    brand=("the brand", "品牌"),
    price=("the unit price", "单价"),
    amount=("the line amount", "行金额"),
)

NOT_WORDS: Final = _table(
    member=("the customer is not a member", "顾客不是会员"),
    first_order=("this is not the first order", "不是首单"),
)
"""The facts that are yes or no, where they are no."""

OPERATOR_WORDS: Final = _table(
    **{"is": ("is", "为"), "in": ("is one of", "为其中之一：")},
    at_least=("is at least", "不低于"),
    at_most=("is at most", "不超过"),
    has=("include", "含"),
    has_any=("include one of", "含其中之一："),
    has_all=("include all of", "同时含"),
)

STEP_WORDS: Final = _table(
    regular=("at regular prices", "按原价"),
    prices=("after exclusive prices", "会员价后"),
    lines=("after line discounts", "商品优惠后"),
    orders=("after order discounts", "订单优惠后"),
    vouchers=("after vouchers", "用券后"),
    points=("after points", "积分抵扣后"),
)

WINDOW_WORDS: Final = _table(
    day=("it is the birthday", "当天为生日"),
    week=("it is within a week from the birthday", "生日起七天内"),
    month=("it is the month of the birthday", "为生日当月"),
)

WEEKDAY_WORDS: Final = (
    ("Monday", "周一"),
    ("Tuesday", "周二"),
    ("Wednesday", "周三"),
    ("Thursday", "周四"),
    ("Friday", "周五"),
    ("Saturday", "周六"),
    ("Sunday", "周日"),
)

SCHEDULE_WORDS: Final = _table(
    **{"from": ("it has not begun", "尚未开始")},
    to=("it has ended", "已经结束"),
    weekdays=("not on this weekday", "今天不在适用的星期"),
    hours=("not at this hour", "当前不在适用时段"),
    days=("not on this day of the month", "今天不在适用日期"),
    member_days=("today is no member day", "今天不是会员日"),
)

ENTITLEMENT_WORDS: Final = _table(
    service_response=("answers within {value}", "{value}内答复"),
    delivery_class=("{value} delivery", "{value}配送"),
    event_access=("a place at {subject}", "可参加{subject}"),
    free_returns=("free returns within {value}", "{value}内免费退货"),
    early_access=("new products {value} before everybody else", "新品提前{value}购买"),
    tailored_service=("tailor-made service", "专属定制服务"),
)
"""What each kind of right comes to."""

ABOUT_WORDS: Final = _table(
    service_response=("answers about {subject} within {value}", "{subject}问题{value}内答复"),
)
"""The same where it is about one thing only."""

UNIT_WORDS: Final = _table(
    hours=("hour", "小时"),
    days=("day", "天"),
)

CLASS_WORDS: Final = _table(
    standard=("standard", "标准"),
    priority=("priority", "优先"),
    express=("express", "特快"),
    next_day=("next-day", "次日达"),
    same_day=("same-day", "当日达"),
)

ISSUE_WORDS: Final = _table(
    account=("the account", "账户"),
    complaint=("complaints", "投诉"),
    delivery=("delivery", "配送"),
    order=("orders", "订单"),
    payment=("payment", "支付"),
    points=("points", "积分"),
    product=("products", "商品"),
    refund=("refunds", "退款"),
    **{"return": ("returns", "退货")},
)
"""Kinds of issue that most shops have; others are told by their code."""

PERIOD_WORDS: Final = _table(
    day=("a day", "每日"),
    week=("a week", "每周"),
    month=("a month", "每月"),
    year=("a year", "每年"),
    ever=("in all", "累计"),
)

BASIS_WORDS: Final = _table(
    paid=("paid", "实付"),
    paid_with_tax=("paid, tax included,", "含税实付"),
    before_points=("due before points,", "积分抵扣前应付"),
    regular=("of the regular price", "原价"),
)

ROUNDING_WORDS: Final = _table(
    down=("rounded down", "向下取整"),
    nearest=("rounded to the nearest", "四舍五入"),
    up=("rounded up", "向上取整"),
)

REASON_WORDS: Final = _table(
    limit_reached=("its limit is reached", "已达上限"),
    budget_short=("its budget is used up", "预算已用完"),
    held_out=("the member is held out of it, to measure it", "该会员属于对照组"),
    stopped=("it was stopped by hand", "已被人工停用"),
    no_effect=("there is nothing it could change", "没有可优惠的内容"),
    lost_to=("another rule of its group gives more: {other}", "同组规则更优惠：{other}"),
    excluded_by=("it cannot be combined with {other}", "不可与 {other} 同享"),
    not_better=("the other benefits together are better", "其他优惠合计更划算"),
    depends_on_order=("it depends on the order", "视订单而定"),
    voucher_not_found=("there is no such voucher", "没有这张优惠券"),
    voucher_not_yours=("the voucher belongs to another member", "该券属于其他会员"),
    voucher_not_yet=("the voucher is not valid yet", "该券尚未生效"),
    voucher_expired=("the voucher has expired", "该券已过期"),
    voucher_used_up=("the voucher is used or reserved", "该券已使用或已被占用"),
    voucher_void=("the voucher was made void", "该券已作废"),
)

UNLOCK_WORDS: Final = _table(
    join=("Join the programme.", "加入会员即可。"),
    reach_tier=("Reach {tier}.", "升至{tier}即可。"),
    spend_more=("Add {gap} more.", "再买{gap}即可。"),
    buy_more=("Add {gap} more items.", "再买{gap}件即可。"),
    order_more=("Place {gap} more orders.", "再下{gap}单即可。"),
    wait_days=("Wait {gap} more days.", "再等{gap}天即可。"),
    wait_until=("Wait until {at}.", "请等到{at}。"),
    wait_for_birthday=("Come back for your birthday.", "生日时再来。"),
    use_channel=("Order by {wanted}.", "请通过{wanted}下单。"),
    ship_to=("Ship to {wanted}.", "请配送至{wanted}。"),
    ship_by=("Choose shipping by {wanted}.", "请选择{wanted}配送。"),
    present_code=("Enter {wanted}.", "请填写{wanted}。"),
    present_voucher=("Use a voucher {definition}.", "请使用优惠券 {definition}。"),
)
