import type { Artifact } from "../../host/artifact.ts";
import { sh, type Script } from "../../host/script.ts";
import { ceph } from "./command.ts";
import { pythonString } from "./manager.ts";

interface Pool {
  readonly name: string;
  readonly placementGroups: number;
  readonly copies: number;
}

/** A replicated pool of a file system; its size in copies and groups can change while it serves. */
export function pool({ name, placementGroups, copies }: Pool): Artifact {
  const summary = `next(f"{p['pg_num_target']} {p['size']} {p['pg_autoscale_mode']}" for p in d if p["pool_name"] == ${pythonString(name)})`;
  return {
    what: `pool ${name}`,
    probe: ceph(sh`ceph_answer ${summary} osd pool ls detail`),
    expected: `${String(placementGroups)} ${String(copies)} off`,
    apply:
      ceph(sh`ceph_command osd pool create ${name} ${placementGroups} ${placementGroups} replicated --autoscale-mode=off
ceph_command osd pool set ${name} pg_autoscale_mode off
ceph_command osd pool set ${name} pg_num ${placementGroups}
ceph_command osd pool set ${name} size ${copies}`),
    remove: ceph(sh`ceph_command config set mon mon_allow_pool_delete true
ceph_command osd pool rm ${name} ${name} --yes-i-really-really-mean-it
ceph_command config rm mon mon_allow_pool_delete`),
    data: `pool ${name}`,
    explain: (actual) => {
      const [groups, size, autoscale] = actual.split(" ");
      return `has ${groups ?? "?"} placement groups, ${size ?? "?"} copies and autoscaling ${autoscale ?? "?"}, not ${String(placementGroups)}, ${String(copies)} and off`;
    },
  };
}

interface FileSystem {
  readonly name: string;
  readonly metadataPool: string;
  readonly dataPool: string;
}

/** A CephFS file system on two pools. */
export function fileSystem({ name, metadataPool, dataPool }: FileSystem): Artifact {
  const pools = `next(f["metadata_pool"] + " " + ",".join(f["data_pools"]) for f in d if f["name"] == ${pythonString(name)})`;
  return {
    what: `file system ${name}`,
    probe: ceph(sh`ceph_answer ${pools} fs ls`),
    expected: `${metadataPool} ${dataPool}`,
    apply: ceph(sh`ceph_command fs new ${name} ${metadataPool} ${dataPool}`),
    remove: ceph(sh`if ceph_command fs get ${name} >/dev/null 2>&1; then
  ceph_command fs fail ${name}
  ceph_command fs rm ${name} --yes-i-really-mean-it
fi`),
    data: `file system ${name}`,
  };
}

/** Serving: one active metadata server, and every placement group active+clean. Health alone says OK too early. */
export function waitForFileSystem(name: string): Script {
  const active = `any(f["mdsmap"]["fs_name"] == ${pythonString(name)} and any(i["state"] == "up:active" for i in f["mdsmap"]["info"].values()) for f in d["filesystems"])`;
  const states = `", ".join(f"{s['count']} {s['state_name']}" for s in d["pgmap"]["pgs_by_state"])`;
  return ceph(sh`wait_until 180 ${`a metadata server to be active for file system ${name}`} ceph_answer ${active} fs dump
all_clean() {
  states=$(ceph_answer ${states} status) || return 1
  echo "\${states:-none yet}"
  echo "$states" | grep -qxE '[0-9]+ active\+clean'
}
wait_until 600 'all placement groups to be active+clean' all_clean`);
}
