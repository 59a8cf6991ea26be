import { z } from "zod";
import { directory, file } from "../artifacts/files.ts";
import { fetchText } from "../artifacts/fetch-once.ts";
import { defineResource } from "../lifecycle/define-resource.ts";
import { HostName, MonitorAddresses, Name, none, Text, Uuid } from "../validation/schemas.ts";
import { renderCephConf } from "./config.ts";
import { crashReports } from "./daemon.ts";
import { keyringSection, readBornKeys } from "./keyring.ts";
import { managerModules } from "./manager-modules.ts";
import { monitorKeyring, stateDirectory } from "./names.ts";
import { bootstrapKeyring } from "./osd-store.ts";

const inputs = z.object({
  host: HostName.describe("The host that belongs to the cluster."),
  cluster: Name.describe("The cluster's name."),
  keysFrom: z
    .array(HostName)
    .min(1, "expected at least one host with the keys")
    .describe("Hosts that have the cluster's first keys: the first that answers hands them out."),
  fsid: Uuid.describe("The cluster's identity."),
  monitors: MonitorAddresses.describe("All monitors of the cluster."),
  settings: z
    .record(
      Text("the name of a Ceph option", /^[a-z0-9_]+$/),
      Text("one line of text without spaces at its ends", /^(?!\s)[^\p{Control}\p{Surrogate}]*(?<!\s)$/u),
    )
    .default({})
    .describe("Options of ceph.conf beside those for small nodes that are set already."),
});

/** A host as a member of a Ceph cluster: configuration and keys. One cluster per host, as Debian's packages have it. */
export const cephNode = defineResource({
  type: "torocloud:ceph:Node",
  summary: "A host's membership in a Ceph cluster: configuration and keys.",
  kind: "ceph-node",
  inputs,
  derived: none,
  outputs: none,
  derive: {},
  onChange: {
    host: "replace",
    cluster: "replace",
    keysFrom: "record",
    fsid: "replace",
    monitors: "live",
    settings: "live",
  },
  replaceOrder: "delete-then-create",

  name: ({ cluster }) => cluster,
  fetchSecrets: async (hosts, { keysFrom, cluster }) => fetchText(keysFrom.map(hosts), readBornKeys(cluster)),
  artifacts(desired, keyring) {
    const key = (entity: string): string => (keyring === undefined ? "" : keyringSection(keyring, entity));
    return [
      directory("/var/lib/torocloud"),
      directory(stateDirectory, { mode: "711" }),
      file("/etc/ceph/ceph.conf", renderCephConf(desired)),
      file("/etc/ceph/ceph.client.admin.keyring", key("client.admin"), { mode: "600", secret: true }),
      file(monitorKeyring, key("mon.") + key("client.admin") + key("client.bootstrap-osd"), {
        mode: "600",
        owner: "ceph:ceph",
        secret: true,
      }),
      file(bootstrapKeyring, key("client.bootstrap-osd"), {
        mode: "600",
        owner: "ceph:ceph",
        secret: true,
      }),
      ...managerModules(),
    ];
  },
  comesByItself: () => [crashReports()],
});
