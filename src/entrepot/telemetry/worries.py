"""What is wrong at the moment: logged once when it begins and once when it is over, however often it is met in between."""

from __future__ import annotations

import structlog

log = structlog.get_logger("entrepot")


class Worries:
    """Use from one thread."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def tell(self, what: str, why: str) -> None:
        """what  cannot be done, as it is to be read in the log
        why   "" when it can be done again
        """
        before = self._known.get(what, "")
        if why and not before:
            log.warning(what, why=why)
        elif before and not why:
            log.info(f"{what}: over", was=before)
        self._known[what] = why
