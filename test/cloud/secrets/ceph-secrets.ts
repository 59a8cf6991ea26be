import { onEveryHost } from "../support/hosts.ts";
import type { Workspace } from "../support/workspace.ts";
import type { Secret } from "./needles.ts";

const script = `find /etc/ceph /etc/torocloud /var/lib/torocloud /var/lib/ceph -name '*keyring*' -type f -exec cat {} + 2>/dev/null || :
timeout 60 ceph auth ls 2>/dev/null || :`;

/** Every key that a host's keyrings hold or that the cluster has given out, under its entity's name: as it is written, and the key itself. */
export async function cephSecrets(workspace: Workspace): Promise<readonly Secret[]> {
  const answers = await onEveryHost(workspace, script);
  const keys = new Map<string, string>();
  let entity = "";
  for (const line of [...answers.values()].join("\n").split("\n")) {
    entity = /^\[?((?:mon|mgr|mds|osd|client)\.[\w.-]*)\]?$/.exec(line)?.[1] ?? entity;
    const key = /^\s*key(?: =|:) (\S{40})$/.exec(line)?.[1];
    if (key !== undefined) keys.set(key, entity);
  }
  return [...keys].map(([key, name]) => ({
    name,
    values: [Buffer.from(key), Buffer.from(key, "base64").subarray(-16)],
  }));
}
