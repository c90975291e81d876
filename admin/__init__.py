"""The console for staff and the wallet for members: server-rendered pages, nothing else.

Pages read and write through `loyalty`; no SQL, no money arithmetic and no business rule lives
here. `api.app` mounts the one router this package hands out.
"""

from admin.app import console

__all__ = ["console"]
