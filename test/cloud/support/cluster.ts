import { onHost } from "./hosts.ts";
import { addressOf, type Settings, type Workspace } from "./workspace.ts";

/** What the programs of other stacks need to be told of the example cloud's cluster. */
export async function clusterSettings(workspace: Workspace): Promise<Settings> {
  const fsid = await onHost(workspace, "node1", "sed -n 's/^fsid = //p' /etc/ceph/ceph.conf");
  const monitors = ["node1", "node2", "node3"].map((name) => ({ name, address: addressOf(workspace, name) }));
  return {
    "torocloud:inventory": workspace.inventoryFile,
    "torocloud:onDelete": "destroyData",
    fsid: fsid.trim(),
    monitors: JSON.stringify(monitors),
  };
}
