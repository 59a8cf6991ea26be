"""A model of what Ceph's monitors keep, with the answers that were measured."""

from __future__ import annotations

import copy
import errno
from collections.abc import Callable

import pytest

from torocloud_host.ceph import monitors
from torocloud_host.work import Json, Unknown, Work


class FakeCluster:
    """Answers what the kinds of storage ask; keeps what it was told."""

    def __init__(self) -> None:
        self.pools: dict[str, dict[str, Json]] = {}
        self.file_systems: dict[str, tuple[str, list[str]]] = {}
        self.options: dict[str, dict[str, Json]] = {}
        self.servers: dict[str, str] = {}
        self.keys: dict[str, dict[str, Json]] = {}
        self.config: dict[tuple[str, str], str] = {}
        self.store: dict[str, bytes] = {}
        """Of config-key."""
        self.states: dict[str, int] = {}
        self.told: list[dict[str, Json]] = []
        self.failure: Exception | None = None
        self.slow_to_allow = 0

    def told_prefixes(self) -> list[str]:
        return [str(command["prefix"]) for command in self.told]

    def command(self, work: Work, command: dict[str, Json], input: bytes = b"") -> Json:
        if self.failure is not None:
            raise self.failure
        prefix = str(command["prefix"])
        name = prefix.replace(" ", "_").replace("-", "_")
        arguments = {key: value for key, value in command.items() if key != "prefix"}
        answer: Callable[..., Json] | None = getattr(self, name, None)
        assert answer is not None, f"nobody expected {command}"
        if not prefix.endswith((" ls", " dump", " get", "status", "fsid")):
            self.told.append(command)
        return answer(**arguments, input=input) if input else answer(**arguments)

    def fsid(self) -> Json:
        return {"fsid": "f"}

    def osd_pool_ls(self, detail: str) -> Json:
        return copy.deepcopy(list(self.pools.values()))

    def osd_pool_create(self, pool: str, pg_num: int, size: int, autoscale_mode: str) -> Json:
        made: dict[str, Json] = {"pool_name": pool, "pg_num_target": pg_num, "size": size}
        made["min_size"] = size - size // 2
        self.pools.setdefault(pool, {**made, "pg_autoscale_mode": autoscale_mode, "application_metadata": {}})
        return None

    def osd_pool_set(self, pool: str, var: str, val: str) -> Json:
        field = {"pg_num": "pg_num_target"}.get(var, var)
        self.pools[pool][field] = val if var == "pg_autoscale_mode" else int(val)
        return None

    def _uses(self, pool: str) -> dict:
        return self.pools[pool]["application_metadata"]  # type: ignore[return-value]

    def osd_pool_application_enable(self, pool: str, app: str, yes_i_really_mean_it: bool = False) -> Json:
        if app not in self._uses(pool) and self._uses(pool) and not yes_i_really_mean_it:
            raise monitors.Refused(errno.EPERM, f"pool '{pool}' already has an enabled application")
        self._uses(pool).setdefault(app, {})
        return None

    def osd_pool_application_disable(self, pool: str, app: str, yes_i_really_mean_it: bool) -> Json:
        assert yes_i_really_mean_it is True
        del self._uses(pool)[app]
        return None

    def osd_pool_application_set(self, pool: str, app: str, key: str, value: str) -> Json:
        self._uses(pool)[app][key] = value
        return None

    def osd_pool_application_rm(self, pool: str, app: str, key: str) -> Json:
        self._uses(pool)[app].pop(key, None)
        return None

    def osd_pool_rm(self, pool: str, pool2: str, yes_i_really_really_mean_it: bool) -> Json:
        assert pool == pool2 and yes_i_really_really_mean_it is True
        if self.config.get(("mon", "mon_allow_pool_delete")) != "true" or self.slow_to_allow > 0:
            self.slow_to_allow -= 1
            raise monitors.Refused(errno.EPERM, "pool deletion is disabled")
        if any(pool in (metadata, *data) for metadata, data in self.file_systems.values()):
            raise monitors.Refused(errno.EBUSY, f"pool '{pool}' is in use by CephFS")
        self.pools.pop(pool, None)
        return None

    def config_dump(self) -> Json:
        return [{"section": who, "name": name, "value": value} for (who, name), value in self.config.items()]

    def config_set(self, who: str, name: str, value: str) -> Json:
        self.config[who, name] = value
        return None

    def config_rm(self, who: str, name: str) -> Json:
        self.config.pop((who, name), None)
        return None

    def config_key_get(self, key: str) -> Json:
        if key not in self.store:
            raise monitors.Refused(errno.ENOENT, f"error obtaining '{key}': (2) No such file or directory")
        return monitors._parsed(self.store[key])

    def config_key_set(self, key: str, input: bytes = b"") -> Json:
        self.store[key] = input
        return None

    def config_key_rm(self, key: str) -> Json:
        self.store.pop(key, None)
        return None

    def fs_ls(self) -> Json:
        return [
            {"name": name, "metadata_pool": metadata, "data_pools": list(data)}
            for name, (metadata, data) in self.file_systems.items()
        ]

    def fs_new(self, fs_name: str, metadata: str, data: str) -> Json:
        if fs_name in self.file_systems:
            return None
        for pool, use in ((metadata, "metadata"), (data, "data")):
            if use in self._uses(pool).get("cephfs", {}):
                raise monitors.Refused(errno.EINVAL, f"pool '{pool}' is said to be used already")
            self._uses(pool)["cephfs"] = {use: fs_name}
        self.file_systems[fs_name] = (metadata, [data])
        self.options[fs_name] = {"max_mds": 1, "joinable": True}
        return None

    def fs_fail(self, fs_name: str) -> Json:
        self.options[fs_name]["joinable"] = False
        return None

    def fs_rm(self, fs_name: str, yes_i_really_mean_it: bool) -> Json:
        assert yes_i_really_mean_it is True
        if self.options[fs_name]["joinable"]:
            raise monitors.Refused(errno.EINVAL, "all MDS daemons must be inactive/failed")
        del self.file_systems[fs_name]
        return None

    def fs_dump(self) -> Json:
        def map_of(name: str) -> dict[str, Json]:
            options = self.options[name]
            info: dict[str, Json] = {gid: {"state": state} for gid, state in self.servers.items()}
            flags: dict[str, Json] = {"joinable": options["joinable"]}
            return {"fs_name": name, "max_mds": options["max_mds"], "flags_state": flags, "info": info}

        return {"filesystems": [{"mdsmap": map_of(name)} for name in self.file_systems]}

    def fs_set(self, fs_name: str, var: str, val: str) -> Json:
        self.options[fs_name][var] = int(val) if var == "max_mds" else val == "true"
        return None

    def status(self) -> Json:
        states: list[Json] = [{"state_name": name, "count": count} for name, count in self.states.items()]
        return {"pgmap": {"pgs_by_state": states}}

    def auth_get(self, entity: str) -> Json:
        if entity not in self.keys:
            raise monitors.Refused(errno.ENOENT, f"failed to find {entity} in keyring")
        return [{"entity": entity, **self.keys[entity]}]

    def auth_add(self, entity: str, caps: list[str]) -> Json:
        if entity in self.keys:
            raise monitors.Refused(errno.EINVAL, f"entity {entity} exists but caps do not match")
        self.keys[entity] = {"key": "QUJD", "caps": dict(zip(caps[::2], caps[1::2], strict=True))}
        return None

    def auth_caps(self, entity: str, caps: list[str]) -> Json:
        self.keys[entity]["caps"] = dict(zip(caps[::2], caps[1::2], strict=True))
        return None

    def auth_rm(self, entity: str) -> Json:
        self.keys.pop(entity, None)
        return None


SILENT = Unknown("no answer from the monitors within 20 s")
NO_NODE = monitors.Refused(errno.ENOENT, "/etc/ceph/ceph.conf: No such file or directory")


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> FakeCluster:
    """A cluster in which nothing is."""
    fake = FakeCluster()
    monkeypatch.setattr(monitors, "command", fake.command)
    return fake
