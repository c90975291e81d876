"""Field types that several schemas share; every whole number is bounded, every text too."""

from datetime import datetime
from typing import Annotated, Final

from msgspec import Meta

MOST_POINTS: Final = 10**12

MemberId = Annotated[str, Meta(description="Our id of a member.", examples=["mem_01kfz…"])]
Instant = Annotated[
    datetime,
    Meta(
        tz=True,
        description="An instant with an offset.",
        examples=["2026-11-21T09:30:00+01:00"],
    ),
]
Points = Annotated[int, Meta(ge=0, le=MOST_POINTS)]
SignedPoints = Annotated[int, Meta(ge=-MOST_POINTS, le=MOST_POINTS)]
Code = Annotated[str, Meta(pattern="^[a-z][a-z0-9-]{0,39}$", description="A code.")]
ExternalId = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=200,
        pattern=r"^\S(.*\S)?$",
        description="The shop's own id.",
        examples=["C-1047"],
    ),
]
Language = Annotated[str, Meta(pattern="^[a-z]{2,3}(-[A-Z][A-Za-z]{1,3})?$", examples=["en", "zh"])]
Text = Annotated[str, Meta(min_length=1, max_length=200)]
