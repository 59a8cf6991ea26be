import type { Artifact } from "../../host/artifact.ts";
import { Script, sh } from "../../host/script.ts";
import { askCeph, ceph, pythonString, tellCeph, waitForCeph } from "./command.ts";

interface Pool {
  readonly name: string;
  readonly placementGroups: number;
  readonly copies: number;
  /** What it is to the file system: its clients may use pools by that. */
  readonly use: "metadata" | "data";
  readonly fileSystem: string;
}

/** A replicated pool of a file system; its size in copies and groups can change while it serves. */
export function pool({ name, placementGroups, copies, use, fileSystem: owner }: Pool): Artifact {
  const leastCopies = copies - Math.floor(copies / 2);
  const others = `next(" ".join(set(p["application_metadata"]) - {"cephfs"}) for p in d if p["pool_name"] == ${pythonString(name)})`;
  const options = {
    pg_num: String(placementGroups),
    size: String(copies),
    min_size: String(leastCopies),
    pg_autoscale_mode: "off",
  };
  const expected = `${Object.entries(options)
    .map(([option, value]) => `${option}=${value}`)
    .join(" ")} application=cephfs:${use}=${owner}`;
  const set = (option: keyof typeof options) => ({
    prefix: "osd pool set",
    pool: name,
    var: option,
    val: options[option],
  });
  return {
    what: `pool ${name}`,
    probe: ceph(askCeph({ prefix: "osd pool ls", detail: "detail" }, poolSummary(name))),
    expected,
    apply: ceph(sh`${tellCeph(
      {
        prefix: "osd pool create",
        pool: name,
        pg_num: placementGroups,
        size: copies,
        autoscale_mode: "off",
      },
      set("pg_autoscale_mode"),
      // CephFS gives its metadata pool a least number, which would stand in the way.
      { prefix: "osd pool set", pool: name, var: "pg_num_min", val: "1" },
      set("pg_num"),
      set("size"),
      set("min_size"),
      { prefix: "osd pool application enable", pool: name, app: "cephfs" },
    )}
if ${isThere(owner)}; then ${tellCeph({ prefix: "osd pool application set", pool: name, app: "cephfs", key: use, value: owner })}; fi
for other in $(${askCeph({ prefix: "osd pool ls", detail: "detail" }, others)}); do
  ceph_command osd pool application disable ${name} "$other" --yes-i-really-mean-it
done`),
    remove: ceph(sh`ceph_command config set mon mon_allow_pool_delete true
ceph_command osd pool rm ${name} ${name} --yes-i-really-really-mean-it
ceph_command config rm mon mon_allow_pool_delete`),
    data: `pool ${name}`,
    explain: (actual) => explainOptions(actual, expected),
  };
}

/** A Python expression: a pool's options, "pg_num=8 size=3". */
function poolSummary(name: string): string {
  const applications = `",".join(sorted(f"{app}:{key}={value}" for app, uses in p["application_metadata"].items() for key, value in (uses or {"": ""}).items()))`;
  const options = `f"pg_num={p['pg_num_target']} size={p['size']} min_size={p['min_size']} pg_autoscale_mode={p['pg_autoscale_mode']} application="`;
  return `next(${options} + ${applications} for p in d if p["pool_name"] == ${pythonString(name)})`;
}

/** Which of "name=value name=value" are others: "has size 2, not 3". */
function explainOptions(actual: string, expected: string): string {
  const seen = new Map(actual.split(" ").map((pair) => pair.split(/=(.*)/s) as [string, string]));
  const wrong = expected.split(" ").flatMap((pair) => {
    const [option = "", value = ""] = pair.split(/=(.*)/s);
    const is = seen.get(option) ?? "";
    return is === value ? [] : [`has ${option} ${is === "" ? "none" : is}, not ${value}`];
  });
  return wrong.join(" and ");
}

/** Succeeds where the cluster has a file system of that name. */
function isThere(fileSystem: string): Script {
  const expression = `any(f["name"] == ${pythonString(fileSystem)} for f in d)`;
  return sh`${askCeph({ prefix: "fs ls" }, expression)} >/dev/null`;
}

interface FileSystem {
  readonly name: string;
  readonly metadataPool: string;
  readonly dataPool: string;
}

/** A CephFS file system on two pools. */
export function fileSystem({ name, metadataPool, dataPool }: FileSystem): Artifact {
  const pools = `next(f["metadata_pool"] + " " + ",".join(f["data_pools"]) for f in d if f["name"] == ${pythonString(name)})`;
  const others = `next(" ".join(set(f["data_pools"]) - {${pythonString(dataPool)}}) for f in d if f["name"] == ${pythonString(name)})`;
  return {
    what: `file system ${name}`,
    probe: ceph(askCeph({ prefix: "fs ls" }, pools)),
    expected: `${metadataPool} ${dataPool}`,
    // What says of a pool that it is used is Ceph's to write, and a pool of which it is said already would be refused.
    apply: ceph(sh`if ! ${isThere(name)}; then
  ${tellCeph(
    { prefix: "osd pool application rm", pool: metadataPool, app: "cephfs", key: "metadata" },
    { prefix: "osd pool application rm", pool: dataPool, app: "cephfs", key: "data" },
  )}
fi
${tellCeph({ prefix: "fs new", fs_name: name, metadata: metadataPool, data: dataPool })}
others=$(${askCeph({ prefix: "fs ls" }, others)})
if [ -n "$others" ]; then
  echo ${`file system ${name} may keep data in other pools too; where nothing lies in them: ceph fs rm_data_pool ${name} POOL. These are:`} "$others" >&2; exit 1
fi`),
    remove: ceph(sh`if ceph_command fs get ${name} >/dev/null 2>&1; then
  ceph_command fs fail ${name}
  ceph_command fs rm ${name} --yes-i-really-mean-it
fi`),
    data: `file system ${name}`,
    explain: (actual) => {
      const [metadata, data] = actual.split(" ");
      return `keeps metadata in ${metadata ?? "?"} and data in ${data ?? "?"}, not in ${metadataPool} and ${dataPool}`;
    },
  };
}

const servingOptions = { max_mds: "1", joinable: "true" };

/** That metadata servers may serve it, one at a time. */
export function fileSystemOptions(name: string): Artifact {
  const summary = `f'max_mds={m["max_mds"]} joinable={str(m["flags_state"]["joinable"]).lower()}'`;
  const expected = Object.entries(servingOptions)
    .map(([option, value]) => `${option}=${value}`)
    .join(" ");
  return {
    what: `options of file system ${name}`,
    probe: ceph(
      askCeph(
        { prefix: "fs dump" },
        `next(${summary} for m in (f["mdsmap"] for f in d["filesystems"]) if m["fs_name"] == ${pythonString(name)})`,
      ),
    ),
    expected,
    apply: ceph(
      tellCeph(
        ...Object.entries(servingOptions).map(([option, value]) => ({
          prefix: "fs set",
          fs_name: name,
          var: option,
          val: value,
        })),
      ),
    ),
    common: true,
    explain: (actual) => explainOptions(actual, expected),
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
