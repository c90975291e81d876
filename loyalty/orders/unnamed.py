"""Returns that name no order: found among the member's sales, as the import of history finds them.

What is found is returned of each order as if it had been named; what is not found earned nothing
here and is recorded as unmatched.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import Select, Text, Uuid, bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, JSON, aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger import Posting, demand, post
from loyalty.cause import Cause
from loyalty.checkout.programme import Programme
from loyalty.hot import Hot, hot
from loyalty.idempotency import Begun
from loyalty.ids import new_id, show
from loyalty.members import Member
from loyalty.orders.comebacks import Comeback, Found, find_returned
from loyalty.orders.completion import Step
from loyalty.orders.context import standing_subject
from loyalty.orders.errors import NothingToReturn, OrderConflict
from loyalty.orders.happenings import returned_event
from loyalty.orders.matching import Shelf
from loyalty.orders.postings import Entries
from loyalty.orders.reading import history_json, read_found
from loyalty.orders.returning import corrections
from loyalty.orders.returns import ReturnPlan, plan_return
from loyalty.orders.reversal import Reversed, reversals, sum_up
from loyalty.orders.rows import Row, return_line_rows, return_row
from loyalty.orders.steps import refuse_instant
from loyalty.orders.tables import order, order_line, unmatched_return
from loyalty.orders.types import History
from loyalty.orders.writing import Kept, Steps, write_steps
from loyalty.policy import Policy, policy_version_at
from loyalty.schema import Instant
from tiers import Activity, Ladder, Subject, decide, live_version, record, subject_of
