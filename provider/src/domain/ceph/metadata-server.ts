import { sh, type Script } from "../../host/script.ts";
import { ceph } from "./command.ts";
import { pythonString } from "./manager.ts";

/** Known to the cluster: standing by, or serving a file system. */
export function waitForMetadataServer(id: string): Script {
  const known = `any(s["name"] == ${pythonString(id)} for s in d["standbys"]) or any(i["name"] == ${pythonString(id)} for f in d["filesystems"] for i in f["mdsmap"]["info"].values())`;
  return ceph(sh`wait_until 120 ${`metadata server ${id} to report for duty`} ceph_answer ${known} fs dump`);
}
