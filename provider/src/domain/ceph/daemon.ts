import { leftover, type Artifact } from "../../host/artifact.ts";
import { ownDirectory } from "../../host/files.ts";
import { sh } from "../../host/script.ts";
import { ceph } from "./command.ts";
import { capsOf, explainKey, keyState } from "./key.ts";
import { daemonDirectory } from "./names.ts";

/** What Ceph's daemons left behind when they crashed: kept with the data, destroyed with it. */
export const crashReports: Artifact = leftover({
  what: "crash reports in /var/lib/ceph/crash",
  remove: sh`find /var/lib/ceph/crash -mindepth 1 -maxdepth 1 ! -name posted -exec rm -rf {} +`,
  data: "/var/lib/ceph/crash",
});

/** The capabilities of Ceph's manual for the daemons that authenticate with a key of their own. */
const capabilities = {
  mgr: { mds: "allow *", mon: "allow profile mgr", osd: "allow *" },
  mds: { mds: "allow *", mgr: "allow profile mds", mon: "allow profile mds", osd: "allow *" },
} as const;

/** The directory and key of a manager or metadata server: what it needs to start, and nothing that is lost with it. */
export function daemonKey(kind: "mgr" | "mds", id: string): Artifact[] {
  const directory = daemonDirectory(kind, id);
  const keyring = `${directory}/keyring`;
  const entity = `${kind}.${id}`;
  const caps = capabilities[kind];
  const words = Object.entries(caps).flat();
  const fetch =
    ceph(sh`fetch_key() { (umask 077; ceph_command auth get-or-create ${entity} ${words} -o ${keyring}); }
fetch_key || { ceph_command auth caps ${entity} ${words}; fetch_key; }
chown ceph:ceph ${keyring}; chmod 600 ${keyring}`);
  return [
    ownDirectory(directory, { mode: "750", owner: "ceph:ceph" }),
    {
      what: `key ${entity}`,
      probe: keyState(entity, keyring),
      expected: `600 ceph:ceph same ${capsOf(caps)}`,
      apply: fetch,
      remove: ceph(sh`ceph_command auth rm ${entity}`),
      mend: (actual) => (actual.includes(" same ") ? fetch : undefined),
      explain: (actual) => explainKey(actual, { keyring, caps }),
    },
  ];
}
