"""The stylesheet, the script and the mark: read once, named by their content, sent packed."""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Final

_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One static file."""

    name: str
    media_type: str
    plain: bytes
    packed: bytes


def read_assets(folder: Path = Path(__file__).parent / "static") -> Mapping[str, Asset]:
    """Read every static file, by its plain name; an asset's own name carries its digest."""
    assets: dict[str, Asset] = {}
    for path in sorted(folder.iterdir()):
        plain = path.read_bytes()
        digest = sha256(plain).hexdigest()[:12]
        assets[path.name] = Asset(
            name=f"{path.stem}.{digest}{path.suffix}",
            media_type=_TYPES[path.suffix],
            plain=plain,
            packed=gzip.compress(plain, mtime=0),
        )
    return MappingProxyType(assets)
