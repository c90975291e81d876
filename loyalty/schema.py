"""The `MetaData` of the `loyalty` schema and the column types that its tables share.

Every table of this package registers here, from `loyalty/tables.py` and from the `tables.py` of
each sub-package. No table lives in this module, and no other schema is named in it.
"""

from typing import Final

from sqlalchemy import DateTime, MetaData, Text
from sqlalchemy.types import UserDefinedType

SCHEMA: Final = "loyalty"

metadata: Final = MetaData(schema=SCHEMA)

#: A text key compared byte by byte, whatever locale the server was made with.
Key: Final = Text(collation="C")

#: An instant; PostgreSQL keeps it in UTC.
Instant: Final = DateTime(timezone=True)


class Xid8(UserDefinedType[int]):
    """The 64-bit transaction id that tells a feed which rows are surely visible."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """Spell the type for DDL."""
        return "xid8"
