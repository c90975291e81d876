"""What a rule grants, and vouchers: the front door.

Rules are data in one language (`benefits.language`), compiled into an indexed rule set and
evaluated without clock or I/O into a decision that says why. Storing rules, prices and vouchers
happens on the caller's connection and never commits. Knows nothing of points' books or tiers'
windows; whoever wants both joins them upstairs.
"""

from benefits.audiences import MEMBER_FACTS, Audience, read_audience, why_not
from benefits.birthdays import BirthdayWindow, birthday_window, birthday_windows, open_window
from benefits.checking import drafted, find_problems, modes_after
from benefits.codes import mint_code, read_code, show_code
from benefits.contents import (
    Contents,
    RuleChange,
    carried,
    change_document,
    change_from,
    changed,
    contents_from,
    contents_of,
    outrun_by,
)
from benefits.counted import SHIPPING_NO, Charge, Limit, Reached, Used, periods
from benefits.counting import group_scope, scope_of, voucher_scope
from benefits.decisions import (
    answer_document,
    decision_text,
    reason_document,
    reason_from,
    replay,
    replayed_rule_set,
)
from benefits.definitions import (
    define_voucher,
    find_definition,
    list_definitions,
    retire_definition,
)
from benefits.diffs import (
    FieldChange,
    RuleDiff,
    SetDiff,
    diff_contents,
    diff_rules,
    diff_sentences,
    diff_sets,
)
from benefits.draft_errors import (
    ReviewMissing,
    ReviewNotAsked,
    ReviewOwn,
    ReviewPending,
    ReviewStale,
    RuleDraftClosed,
    RuleDraftEmpty,
    RuleDraftOutrun,
    RuleDraftUnknown,
    RuleNotLive,
)
from benefits.drafts import (
    DraftState,
    RuleDraft,
    add_rule_draft,
    close_rule_draft,
    find_rule_draft,
    list_rule_drafts,
    open_rule_draft,
    put_away,
    replace_rule_draft,
)
from benefits.earn_sentences import EarnedLine, earn_sentence
from benefits.entitled import NotHeld, entitlement_unit, held_at, rights_of
from benefits.errors import (
    BenefitsError,
    BirthdayAlreadyIssued,
    CartRefused,
    CodeMalformed,
    DecisionDamaged,
    DefinitionExists,
    DefinitionNotFound,
    DefinitionRefused,
    LimitReached,
    PointsOffStep,
    PointsOverAvailable,
    PointsOverSpendable,
    PointsUnderMinimum,
    PriceConflict,
    RevisionUnknown,
    RuleNotFound,
    RuleRefused,
    RuleSetMoved,
    RuleSetNotFound,
    RuleSetRefused,
    VoucherNotFound,
    VoucherRefused,
)
from benefits.evaluation import REVISION, evaluate, evaluate_paid
from benefits.given import Gift, Grant
from benefits.grammar import (
    GRAMMAR,
    FieldKind,
    Grammar,
    RuleFact,
    RuleField,
    fact_word,
    operator_word,
)
from benefits.grouping import GroupDocument, group_document, group_documents, groups_from
from benefits.holdouts import held_out_of
from benefits.issued import (
    STATES,
    VoucherHistory,
    VoucherUse,
    codes_of_batch,
    count_states,
    count_states_each,
    find_issued,
    list_issued,
    vouchers_of_batches,
)
from benefits.language.limits import read_limits
from benefits.language.schema import rule_schema
from benefits.listing import unit_rules
from benefits.liveness import rules_live_since
from benefits.lives import Coming, RuleLife, RuleState, find_life, list_lives
from benefits.overruns import retake_uses
from benefits.paid import PaidEarning, earn_of_paid
from benefits.prices import list_price_lists, list_prices, prices_of, set_prices
from benefits.publishing import Publishing, publish_contents, read_contents
from benefits.questions import (
    cart_document,
    cart_from,
    facts_document,
    facts_from,
    question_document,
    question_from,
    terms_document,
    terms_from,
)
from benefits.reach import (
    NearOffer,
    Offer,
    asks_for_tier,
    near_offers,
    needs_sentence,
    offer_sentence,
    offers_of,
)
from benefits.records import (
    FREE,
    Finding,
    Group,
    NewVoucher,
    Price,
    PublishedRuleSet,
    RuleVersion,
    Vocabulary,
    Voucher,
    VoucherDefinition,
    VoucherOutcome,
)
from benefits.reviews import Review, add_review, decide_review
from benefits.rule_set import RuleSet, compile_rule_set
from benefits.rules import (
    draft_rule,
    find_published_rule_set,
    find_rule,
    find_rule_set,
    find_vocabulary,
    list_rule_set_versions,
    list_rules,
    list_versions,
    live_rule_set_version,
    publish_in_turn,
    publish_rule_set,
    sets_holding_out,
    share_held_out,
)
from benefits.selecting import RuleReading, lines_summed, rule_reading, sum_columns
from benefits.sentences import (
    entitlement_phrase,
    limit_sentence,
    reason_sentence,
    rule_sentence,
    unlock_sentence,
)
from benefits.shares import spread
from benefits.switches import (
    Switch,
    find_switch,
    list_stopped,
    list_switches,
    stopped_json,
    switch_rule,
)
from benefits.trials import (
    Counting,
    Gave,
    Trial,
    UsedUp,
    asked_of,
    decide_again,
    drafted_set,
    given_by,
    stored_question,
    touched_by,
)
from benefits.turning import facts_asked, turns_of
from benefits.types import (
    Applied,
    Cart,
    Decision,
    Discount,
    EarnWhy,
    Entitlement,
    Facts,
    Line,
    LineAnswer,
    MemberPrice,
    NotApplied,
    PointsAnswer,
    PointsTerms,
    PresentedVoucher,
    Question,
    ShippingAnswer,
    Step,
    Totals,
    Unlock,
    VoucherAnswer,
)
from benefits.uses import (
    Use,
    claiming_uses,
    demand_uses,
    find_counters,
    find_used,
    lock_totals,
    pass_on_counters,
    read_used,
    read_uses,
    record_uses,
    settle_uses,
    settled_content,
    settling,
    take_uses,
    taken_content,
    taking,
    used_json,
    uses_json,
)
from benefits.verification import verify
from benefits.voucher_errors import (
    VoucherBindingDiffers,
    VoucherMinimumNotMet,
    VoucherOutsideWindow,
)
from benefits.vouchers import (
    demand,
    issue_content,
    issue_vouchers,
    pass_on_vouchers,
    read_voucher,
    redeem_vouchers,
    release_vouchers,
    reopen_vouchers,
    reserve_vouchers,
    terms_refusal,
    void_voucher,
    voucher_from,
    voucher_refusal,
    voucher_state,
    vouchers_of,
    vouchers_presented,
    vouchers_stored,
)

__all__ = [
    "FREE", "GRAMMAR", "MEMBER_FACTS", "REVISION", "SHIPPING_NO", "STATES", "Applied", "Audience",
    "BenefitsError", "BirthdayAlreadyIssued", "BirthdayWindow", "Cart", "CartRefused", "Charge",
    "CodeMalformed", "Coming", "Contents", "Counting", "Decision", "DecisionDamaged",
    "DefinitionExists", "DefinitionNotFound", "DefinitionRefused", "Discount", "DraftState",
    "EarnWhy", "EarnedLine", "Entitlement", "Facts", "FieldChange", "FieldKind", "Finding", "Gave",
    "Gift", "Grammar", "Grant", "Group", "GroupDocument", "Limit", "LimitReached", "Line",
    "LineAnswer", "MemberPrice", "NearOffer", "NewVoucher", "NotApplied", "NotHeld", "Offer",
    "PaidEarning", "PointsAnswer", "PointsOffStep", "PointsOverAvailable", "PointsOverSpendable",
    "PointsTerms", "PointsUnderMinimum", "PresentedVoucher", "Price", "PriceConflict",
    "PublishedRuleSet", "Publishing", "Question", "Reached", "Review", "ReviewMissing",
    "ReviewNotAsked", "ReviewOwn", "ReviewPending", "ReviewStale", "RevisionUnknown", "RuleChange",
    "RuleDiff", "RuleDraft", "RuleDraftClosed", "RuleDraftEmpty", "RuleDraftOutrun",
    "RuleDraftUnknown", "RuleFact", "RuleField", "RuleLife", "RuleNotFound", "RuleNotLive",
    "RuleReading", "RuleRefused", "RuleSet", "RuleSetMoved", "RuleSetNotFound", "RuleSetRefused",
    "RuleState", "RuleVersion", "SetDiff", "ShippingAnswer", "Step", "Switch", "Totals", "Trial",
    "Unlock", "Use", "Used", "UsedUp", "Vocabulary", "Voucher", "VoucherAnswer",
    "VoucherBindingDiffers", "VoucherDefinition", "VoucherHistory", "VoucherMinimumNotMet",
    "VoucherNotFound", "VoucherOutcome", "VoucherOutsideWindow", "VoucherRefused", "VoucherUse",
    "add_review", "add_rule_draft", "answer_document", "asked_of", "asks_for_tier",
    "birthday_window", "birthday_windows", "carried", "cart_document", "cart_from",
    "change_document", "change_from", "changed", "claiming_uses", "close_rule_draft",
    "codes_of_batch", "compile_rule_set", "contents_from", "contents_of", "count_states",
    "count_states_each", "decide_again", "decide_review", "decision_text", "define_voucher",
    "demand", "demand_uses", "diff_contents", "diff_rules", "diff_sentences", "diff_sets",
    "draft_rule", "drafted", "drafted_set", "earn_of_paid", "earn_sentence", "entitlement_phrase",
    "entitlement_unit", "evaluate", "evaluate_paid", "fact_word", "facts_asked", "facts_document",
    "facts_from", "find_counters", "find_definition", "find_issued", "find_life", "find_problems",
    "find_published_rule_set", "find_rule", "find_rule_draft", "find_rule_set", "find_switch",
    "find_used", "find_vocabulary", "given_by", "group_document", "group_documents", "group_scope",
    "groups_from", "held_at", "held_out_of", "issue_content", "issue_vouchers", "limit_sentence",
    "lines_summed", "list_definitions", "list_issued", "list_lives", "list_price_lists",
    "list_prices", "list_rule_drafts", "list_rule_set_versions", "list_rules", "list_stopped",
    "list_switches", "list_versions", "live_rule_set_version", "lock_totals", "mint_code",
    "modes_after", "near_offers", "needs_sentence", "offer_sentence", "offers_of",
    "open_rule_draft", "open_window", "operator_word", "outrun_by", "pass_on_counters",
    "pass_on_vouchers", "periods", "prices_of", "publish_contents", "publish_in_turn",
    "publish_rule_set", "put_away", "question_document", "question_from", "read_audience",
    "read_code", "read_contents", "read_limits", "read_used", "read_uses", "read_voucher",
    "reason_document", "reason_from", "reason_sentence", "record_uses", "redeem_vouchers",
    "release_vouchers", "reopen_vouchers", "replace_rule_draft", "replay", "replayed_rule_set",
    "reserve_vouchers", "retake_uses", "retire_definition", "rights_of", "rule_reading",
    "rule_schema", "rule_sentence", "rules_live_since", "scope_of", "set_prices",
    "sets_holding_out", "settle_uses", "settled_content", "settling", "share_held_out", "show_code",
    "spread", "stopped_json", "stored_question", "sum_columns", "switch_rule", "take_uses",
    "taken_content", "taking", "terms_document", "terms_from", "terms_refusal", "touched_by",
    "turns_of", "unit_rules", "unlock_sentence", "used_json", "uses_json", "verify", "void_voucher",
    "voucher_from", "voucher_refusal", "voucher_scope", "voucher_state", "vouchers_of",
    "vouchers_of_batches", "vouchers_presented", "vouchers_stored", "why_not",
]  # fmt: skip
