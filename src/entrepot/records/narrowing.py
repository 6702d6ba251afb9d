"""Sums of a batch by less than it tells: all endpoints of a model, all models of a provider, applications by model. No I/O.

Pages that tell all models or providers read these, which are few, in place of the sums of each endpoint. They are made once for a
batch, from its sums and not from its records, so that a request hardly pays for them.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import add, itemgetter

from entrepot.records.asked import TableName
from entrepot.records.batch import Batch
from entrepot.records.figures import Totals
from entrepot.records.groups import Key, Sums

_PLACES = {name: place for place, name in enumerate(Totals.__struct_fields__)}
_MODEL = itemgetter(0, 1, 2)
_PROVIDER = itemgetter(0, 1, 4)
_PROVIDER_FAILED = itemgetter(0, 1, 6, 4, 5)
_APP_OF_MODEL = itemgetter(0, 1, 3, 2)
"""What stays of a key of `Batch.endpoints` (twice), `failures` and `apps`."""
_TOTALS = itemgetter(*_PLACES.values())
_TOTALS_AND_ATTEMPTS = itemgetter(*_PLACES.values(), -1)
_RANKED = itemgetter(_PLACES["requests"], _PLACES["prompt_tokens"], _PLACES["completion_tokens"])


def narrowed(batch: Batch) -> dict[TableName, dict[Key, Sums]]:
    """By the same minutes or days; no two of one key."""
    return {
        "model_totals": _by(_MODEL, batch.endpoints, _TOTALS),
        "provider_totals": _by(_PROVIDER, batch.endpoints, _TOTALS_AND_ATTEMPTS),
        "provider_failures": _by(_PROVIDER_FAILED, batch.failures, lambda sums: sums),
        "model_apps": _by(_APP_OF_MODEL, batch.apps, _RANKED),
    }


def _by(less: Callable[[Key], Key], sums: dict[Key, Sums], chosen: Callable[[Sums], Sums]) -> dict[Key, Sums]:
    found: dict[Key, Sums] = {}
    for key, more in sums.items():
        narrow, figures = less(key), chosen(more)
        held = found.get(narrow)
        found[narrow] = figures if held is None else tuple(map(add, held, figures))
    return found
