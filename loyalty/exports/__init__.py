"""The journal on the company's accounts: numbered, hashed, and the same whenever it is made again.

An export has a number and a period; its file is made from the books as they were seen the first
time. `docs/exports.md` says what each format holds and how an account map is written.
"""

from loyalty.exports.errors import (
    AccountMapMalformed,
    AccountMapWithoutFees,
    ExportDiffers,
    ExportPeriodUnfit,
    ExportRevisionGone,
    UnknownAccountMap,
    UnknownExport,
)
from loyalty.exports.making import make_file
from loyalty.exports.maps import AccountMap, CompanyAccount, document_of_map, parse_map
from loyalty.exports.store import (
    find_export,
    find_map,
    list_exports,
    list_maps,
    publish_map,
    request_export,
)
from loyalty.exports.types import Export, ExportFile, Format, Language

__all__ = [
    "AccountMap",
    "AccountMapMalformed",
    "AccountMapWithoutFees",
    "CompanyAccount",
    "Export",
    "ExportDiffers",
    "ExportFile",
    "ExportPeriodUnfit",
    "ExportRevisionGone",
    "Format",
    "Language",
    "UnknownAccountMap",
    "UnknownExport",
    "document_of_map",
    "find_export",
    "find_map",
    "list_exports",
    "list_maps",
    "make_file",
    "parse_map",
    "publish_map",
    "request_export",
]
