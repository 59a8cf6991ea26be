"""The host's half of shares: a directory on CephFS, and how much it may hold."""

from __future__ import annotations

import errno
import os

from ..artifacts.files import in_words
from ..machine import bounded
from ..shapes import number, text
from ..where import real
from ..work import Change, Failed, Spec, State, Unknown, Work

_LIMIT = "ceph.quota.max_bytes"


class SharedDirectory:
    """Made with those above it; what is in it is people's."""

    def observe(self, work: Work, key: str, spec: Spec) -> State:
        """Type and owner, by number."""
        seen = bounded.policy_of(work, key)
        return seen if "unanswered" in seen else seen["there"]

    def apply(self, change: Change, key: str, spec: Spec) -> None:
        """Make it; it belongs to the owner, if one is named."""
        with in_words(key):
            os.makedirs(real(key), mode=0o755, exist_ok=True)
            if "owner" in spec:
                user, _, group = text(spec["owner"]).partition(":")
                os.chown(real(key), int(user), int(group))

    def remove(self, work: Work, key: str, spec: Spec) -> None:
        """It stays, with what is in it."""


class Quota:
    """CephFS's limit of a directory."""

    def observe(self, work: Work, key: str, spec: Spec) -> State:
        """In bytes; None where it has none."""
        seen = bounded.policy_of(work, key)
        if "unanswered" in seen:
            return seen
        limit = number(seen.get("bytes", 0))
        return {"bytes": limit} if limit > 0 else None

    def apply(self, change: Change, key: str, spec: Spec) -> None:
        """Raises Failed where it is no CephFS, or the client may not."""
        _limit(key, number(spec["bytes"]))

    def remove(self, work: Work, key: str, spec: Spec) -> None:
        """It may hold as much as what it lies in."""
        seen = bounded.policy_of(work, key)
        if "unanswered" in seen:
            raise Unknown(f"the quota of {key} could not be looked at: {seen['unanswered']}")
        if seen.get("bytes", 0):
            _limit(key, 0)


def _limit(path: str, limit: int) -> None:
    try:
        os.setxattr(real(path), _LIMIT, str(limit).encode())
    except OSError as problem:
        reason = {
            errno.EOPNOTSUPP: "it does not lie on CephFS",
            errno.EPERM: "CephFS was mounted when its key did not allow it; mount it again once the key does",
        }.get(problem.errno or 0, problem.strerror or "it failed")
        raise Failed(f"the quota of {path} cannot be set: {reason}") from None


shared_directory = SharedDirectory()
quota = Quota()
