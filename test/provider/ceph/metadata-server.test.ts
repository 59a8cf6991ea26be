import { expect, it } from "vitest";
import { cephMetadataServer } from "../../../provider/src/ceph/metadata-server.ts";
import { examples } from "../examples.ts";
import { testResource } from "../resource-contract.ts";

testResource(cephMetadataServer, examples["torocloud:ceph:MetadataServer"]);

// Both daemons have one key in the cluster: created first, the new one's key goes when the old one is deleted.
it("is deleted before it is created on another host, because its key belongs to its name alone", () => {
  const inputs = { ...examples["torocloud:ceph:MetadataServer"].inputs, host: "node2" };
  const key = cephMetadataServer
    .artifacts(inputs, undefined)
    .find(({ kind }) => kind.name === "ceph.daemon-key");
  expect(key?.key).toBe("mds.node1");
  expect(cephMetadataServer.replaceOrder).toBe("delete-then-create");
});
