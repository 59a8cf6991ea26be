"""System users without a login, and a group of the same name."""

from __future__ import annotations

import grp
import pwd

from ..machine.accounts import groups_of
from ..where import real
from ..work import Change, Spec, State, Unknown, Work

NO_LOGIN = "/usr/sbin/nologin"


class User:
    """A system user that cannot log in, in its own group only."""

    def observe(self, work: Work, key: str, spec: Spec) -> State:
        """Its shell, its groups, and whether no password opens it."""
        user = _user(key)
        if user is None:
            return None
        return {"shell": user.pw_shell, "groups": [*groups_of(user)], "locked": _is_locked(key)}

    def apply(self, change: Change, key: str, spec: Spec) -> None:
        """Make it, where it is missing; take its password, shell and other groups away."""
        if _user(key) is None:
            group = ["--gid", key] if _has_group(key) else ["--user-group"]
            home = ["--no-create-home", "--home-dir", "/nonexistent"]
            change.run(["useradd", "--system", *group, *home, "--shell", NO_LOGIN, key])
        change.run(["usermod", "--shell", NO_LOGIN, "--groups", "", "--lock", key])

    def remove(self, work: Work, key: str, spec: Spec) -> None:
        """With its group; its files stay."""
        if _user(key) is not None:
            work.run(["userdel", key])


def _user(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _has_group(name: str) -> bool:
    try:
        grp.getgrnam(name)
    except KeyError:
        return False
    return True


def _is_locked(name: str) -> bool:
    """What /etc/shadow says: a password that begins so is none. Python has no module for it any more."""
    try:
        with open(real("/etc/shadow"), encoding="utf-8", errors="surrogateescape") as lines:
            entries = [line.rstrip("\n").split(":") for line in lines]
    except OSError as error:
        raise Unknown(f"/etc/shadow cannot be read: {error.strerror}") from error
    return any(entry[0] == name and entry[1][:1] in ("!", "*") for entry in entries if len(entry) > 1)


user = User()
