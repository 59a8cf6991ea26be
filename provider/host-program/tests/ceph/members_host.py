"""A host of a cluster for tests: files with owners that need no root, and monitors that remember what they are told."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from doubles import FakeChange

from torocloud_host.artifacts import files
from torocloud_host.ceph import monitors
from torocloud_host.where import real
from torocloud_host.work import Json, Work

FSID = "0a9d5c33-9c55-4f0b-8f0e-0c3b8f6b7f10"
KEYS = [f"AQB{letter * 34}==" for letter in "abcdefgh"]


class Files:
    """`artifacts.files` without the right to change owners: who owns a file is remembered."""

    def __init__(self, monkeypatch) -> None:
        self.owners: dict[str, str] = {}
        self.written: list[str] = []
        monkeypatch.setattr(files, "put_file", self.put)
        monkeypatch.setattr(files, "state_of", self.state)

    def put(self, path: str, content: bytes, mode: str, owner: str) -> None:
        if not os.path.exists(real(path)) or Path(real(path)).read_bytes() != content:
            self.written.append(path)
        Path(real(path)).parent.mkdir(parents=True, exist_ok=True)
        Path(real(path)).write_bytes(content)
        os.chmod(real(path), int(mode, 8))
        self.owners[path] = owner

    def state(self, path: str):
        file = Path(real(path))
        if file.is_symlink():
            return {"link": os.readlink(file)}
        if not file.is_file():
            return None
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        mode = f"{file.stat().st_mode & 0o7777:o}"
        return {"mode": mode, "owner": self.owners.get(path, "root:root"), "digest": digest}


class Cluster:
    """Monitors that answer from `answers` and `auth`, and write down what they are told."""

    def __init__(self, monkeypatch) -> None:
        self.told: list[dict[str, Json]] = []
        self.inputs: list[bytes] = []
        self.answers: dict[str, Json | Exception] = {}
        self.auth: dict[str, dict[str, Json]] = {}
        """By entity: {"key", "caps"}."""
        monkeypatch.setattr(monitors, "command", self.command)

    def command(self, work: Work, command: dict[str, Json], input: bytes = b"") -> Json:
        prefix, entity = command["prefix"], command.get("entity")
        if prefix not in ("auth get", *self.answers):
            self.told.append(command)
            self.inputs.append(input)
        answer = self.answers.get(str(prefix))
        if isinstance(answer, Exception):
            raise answer
        if prefix == "auth get":
            if entity not in self.auth:
                raise monitors.Refused(2, f"failed to find {entity} in keyring")
            return [{"entity": entity, **self.auth[entity]}]
        if prefix == "auth get-or-create":
            return self._get_or_create(command)
        if prefix == "auth caps":
            self.auth[entity]["caps"] = pairs(command["caps"])
        return answer

    def _get_or_create(self, command: dict[str, Json]) -> Json:
        entity, caps = command["entity"], pairs(command["caps"])
        known = self.auth.setdefault(entity, {"key": KEYS[7], "caps": caps})
        if known["caps"] != caps:
            raise monitors.Refused(22, f"key for {entity} exists but cap does not match")
        return [{"entity": entity, "key": known["key"]}]

    def prefixes(self) -> list[str]:
        return [str(told["prefix"]) for told in self.told]

    def has_osds(self, *osds: tuple[int, str, str | None], pools: Sequence[dict[str, Json]] = (), down=(), out=()):
        """Number, UUID and CRUSH host of each."""
        self.answers["osd dump"] = {
            "osds": [
                {
                    "osd": number,
                    "uuid": uuid,
                    "up": int(number not in down),
                    "in": int(number not in out),
                    "weight": 0 if number in out else 1,
                }
                for number, uuid, _ in osds
            ],
            "pools": [{"pool_name": ".mgr", "size": 3}, *pools],
            "nearfull_ratio": 0.85,
        }
        hosts = sorted({host for _, _, host in osds if host is not None})
        self.answers["osd tree"] = {
            "nodes": [
                {"id": -1, "name": "default", "type": "root", "children": [-2 - index for index in range(len(hosts))]},
                *(
                    {
                        "id": -2 - index,
                        "name": host,
                        "type": "host",
                        "children": [number for number, _, within in osds if within == host],
                    }
                    for index, host in enumerate(hosts)
                ),
                *({"id": number, "name": f"osd.{number}", "type": "osd"} for number, _, _ in osds),
            ]
        }


def pairs(words) -> dict[str, Json]:
    return dict(zip(words[::2], words[1::2], strict=True))


def write(path: str, text: str) -> None:
    Path(real(path)).parent.mkdir(parents=True, exist_ok=True)
    Path(real(path)).write_text(text)


def read(path: str) -> str:
    return Path(real(path)).read_text()


def osd_on_disk(number: int, uuid: str, fsid: str = FSID, key: str | None = None, block: bytes = b"data") -> str:
    directory = f"/var/lib/ceph/osd/ceph-{number}"
    for name, text in {"mkfs_done": "yes\n", "fsid": f"{uuid}\n", "ceph_fsid": f"{fsid}\n"}.items():
        write(f"{directory}/{name}", text)
    write(f"{directory}/block", block.decode())
    write(f"{directory}/keyring", f"[osd.{number}]\n\tkey = {key or KEYS[0]}\n")
    os.chmod(real(f"{directory}/keyring"), 0o600)
    return directory


def lines(change: FakeChange) -> list[str]:
    """The commands that were run, as words."""
    return [" ".join(call) for call in change.calls]
