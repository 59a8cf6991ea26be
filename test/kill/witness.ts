import { onHost } from "../cloud/support/hosts.ts";
import type { Workspace } from "../cloud/support/workspace.ts";

/** People's own data beside torocloud's, and files that they put into a share. */
const folders = ["/srv/torocloud/witness", "/srv/torocloud/shares/web/theirs"];

/** Files on CephFS whose content must never change. */
export interface Witness {
  /** Writes one more into each folder, down to the disks. */
  add(name: string): Promise<void>;
  /** A sentence for each file that is not as it was written, on either host. */
  check(): Promise<readonly string[]>;
}

/** Remembers checksums on this side. */
export function witnessOf(workspace: Workspace): Witness {
  const sums: string[] = [];
  return {
    async add(name) {
      for (const folder of folders) {
        const file = `${folder}/${name}`;
        const script = `mkdir -p ${folder}; head -c 300000 /dev/urandom >${file}; sync ${file}; sha256sum ${file}`;
        sums.push((await onHost(workspace, "host1", script)).trim());
      }
    },
    async check() {
      if (sums.length === 0) return [];
      const list = sums.join("\n");
      const script = `timeout 120 sha256sum --check --quiet 2>&1 <<'END' || :\n${list}\nEND\n`;
      const answers = ["host1", "host2"].map(async (host) =>
        (await onHost(workspace, host, script))
          .split("\n")
          .filter(Boolean)
          .map((line) => `data on ${host}: ${line}`),
      );
      return (await Promise.all(answers)).flat();
    },
  };
}
