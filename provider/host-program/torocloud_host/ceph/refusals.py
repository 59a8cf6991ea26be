"""What a refusal says of what is looked for."""

from __future__ import annotations

import errno

from ..work import State
from . import monitors


def nothing_known(refused: monitors.Refused) -> State:
    """A host that is no node of a cluster has nothing of what lies in one. Any other refusal is raised again."""
    if refused.code != errno.ENOENT:
        raise refused
    return None
