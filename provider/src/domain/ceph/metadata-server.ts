import type { Script } from "../../host/script.ts";
import { ceph, pythonString, waitForCeph } from "./command.ts";

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
