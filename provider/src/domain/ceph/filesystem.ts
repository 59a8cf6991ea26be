import type { Artifact } from "../../host/artifact.ts";
import { Script, sh } from "../../host/script.ts";
import { askCeph, ceph, pythonString, tellCeph, waitForCeph } from "./command.ts";

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
    probe: ceph(askCeph({ prefix: "osd pool ls", detail: "detail" }, summary)),
    expected: `${String(placementGroups)} ${String(copies)} off`,
    apply: ceph(
      tellCeph(
        {
          prefix: "osd pool create",
          pool: name,
          pg_num: placementGroups,
          size: copies,
          autoscale_mode: "off",
        },
        { prefix: "osd pool set", pool: name, var: "pg_autoscale_mode", val: "off" },
        { prefix: "osd pool set", pool: name, var: "pg_num", val: String(placementGroups) },
        { prefix: "osd pool set", pool: name, var: "size", val: String(copies) },
      ),
    ),
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
    probe: ceph(askCeph({ prefix: "fs ls" }, pools)),
    expected: `${metadataPool} ${dataPool}`,
    apply: ceph(tellCeph({ prefix: "fs new", fs_name: name, metadata: metadataPool, data: dataPool })),
    remove: ceph(sh`if ceph_command fs get ${name} >/dev/null 2>&1; then
  ceph_command fs fail ${name}
  ceph_command fs rm ${name} --yes-i-really-mean-it
fi`),
    data: `file system ${name}`,
  };
}

/** Serving: one active metadata server, and every placement group active+clean. Health alone says OK too early. */
export function waitForFileSystem(name: string): Script {
  const states = `[s["state_name"] for s in d["pgmap"]["pgs_by_state"]]`;
  const active = `any(i["state"] == "up:active" for i in f["mdsmap"]["info"].values())`;
  const serving = waitForCeph({
    what: `a metadata server to be active for file system ${name}`,
    command: { prefix: "fs dump" },
    until: `any(f["mdsmap"]["fs_name"] == ${pythonString(name)} and ${active} for f in d["filesystems"])`,
    seconds: 180,
  });
  const clean = waitForCeph({
    what: "all placement groups to be active+clean",
    command: { prefix: "status" },
    until: `${states} == ["active+clean"]`,
    seen: `", ".join(f"{s['count']} {s['state_name']}" for s in d["pgmap"]["pgs_by_state"]) or "none reported yet"`,
    seconds: 600,
  });
  return ceph(Script.join([serving, clean]));
}
