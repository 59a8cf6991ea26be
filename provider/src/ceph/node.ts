import { z } from "zod";
import { renderCephConf } from "../domain/ceph/config.ts";
import { keyringSection, printBornKeys } from "../domain/ceph/keyring.ts";
import { crashReports } from "../domain/ceph/daemon.ts";
import { managerModules } from "../domain/ceph/manager.ts";
import { monitorKeyring, stateDirectory } from "../domain/ceph/names.ts";
import { bootstrapKeyring } from "../domain/ceph/osd.ts";
import { fetchOnce } from "../host/fetch-once.ts";
import { directory, file } from "../host/files.ts";
import { defineResource } from "../lifecycle/define-resource.ts";
import { HostName, MonitorAddresses, Name, none, Text, Uuid } from "../validation/schemas.ts";

const inputs = z.object({
  host: HostName.describe("The host that belongs to the cluster."),
  cluster: Name.describe("The cluster's name."),
  keysFrom: HostName.describe("The host that keeps the cluster's first keys."),
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
  gather: async (hosts, { keysFrom, cluster }) =>
    fetchOnce(hosts(keysFrom), `reading the keys of cluster ${cluster}`, printBornKeys(cluster)),
  artifacts(desired, keyring) {
    const key = (entity: string): string => (keyring === undefined ? "" : keyringSection(keyring, entity));
    return [
      directory("/var/lib/torocloud"),
      directory(stateDirectory, { mode: "711" }),
      file("/etc/ceph/ceph.conf", renderCephConf(desired)),
      file("/etc/ceph/ceph.client.admin.keyring", key("client.admin"), { mode: "600" }),
      file(monitorKeyring, key("mon.") + key("client.admin") + key("client.bootstrap-osd"), {
        mode: "600",
        owner: "ceph:ceph",
      }),
      file(bootstrapKeyring, key("client.bootstrap-osd"), { mode: "600", owner: "ceph:ceph" }),
      ...managerModules(),
      crashReports,
    ];
  },
});
