"""Users and groups of the host, by name and by number."""

from __future__ import annotations

import grp
import os
import pwd

from ..work import Failed


def owner_of(status: os.stat_result) -> str:
    """Whose it is, as "user:group"; a number where it has no name."""
    return f"{_user_name(status.st_uid)}:{_group_name(status.st_gid)}"


def numbers_of(owner: str) -> tuple[int, int]:
    """The numbers of a "user:group", of which either may be a number already.

    Raises Failed where there is no such user or group.
    """
    user, _, group = owner.partition(":")
    return _number(user, "user"), _number(group, "group")


def groups_of(user: pwd.struct_passwd) -> list[str]:
    """The names of all groups that a user is in, its own first."""
    return [_group_name(number) for number in os.getgrouplist(user.pw_name, user.pw_gid)]


def _number(name: str, what: str) -> int:
    if name.isdecimal():
        return int(name)
    try:
        return pwd.getpwnam(name).pw_uid if what == "user" else grp.getgrnam(name).gr_gid
    except KeyError:
        raise Failed(f"there is no {what} {name}") from None


def _user_name(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _group_name(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
