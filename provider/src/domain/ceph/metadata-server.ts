import type { Artifact } from "../../host/artifact.ts";
import { sh, type Script } from "../../host/script.ts";
import { runningUnit } from "../../host/systemd.ts";
import { ceph, pythonString, waitForCeph } from "./command.ts";

/**
 * The daemon. It keeps nothing of its own, so one that does not stop is killed: a standby that is promoted while it is
 * told to stop hangs until systemd loses patience, after 90 seconds.
 */
export function metadataServerUnit(id: string, follows: readonly Artifact[]): Artifact {
  const name = `ceph-mds@${id}.service`;
  const unit = runningUnit(name, follows);
  return {
    ...unit,
    remove: sh`systemctl stop --no-block ${name} 2>/dev/null || :
stopped() { systemctl show -P ActiveState ${name} | grep -qxE 'inactive|failed'; }
wait_until 10 ${`metadata server ${id} to stop`} stopped 2>/dev/null || systemctl kill --signal KILL ${name}
${unit.remove}`,
  };
}

/** Known to the cluster: standing by, or serving a file system. */
export function waitForMetadataServer(id: string): Script {
  const name = pythonString(id);
  const serving = `any(i["name"] == ${name} for f in d["filesystems"] for i in f["mdsmap"]["info"].values())`;
  return ceph(
    waitForCeph({
      what: `metadata server ${id} to report for duty`,
      command: { prefix: "fs dump" },
      until: `any(s["name"] == ${name} for s in d["standbys"]) or ${serving}`,
      seconds: 120,
    }),
  );
}
