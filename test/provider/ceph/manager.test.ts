import { expect, it } from "vitest";
import { cephManager } from "../../../provider/src/ceph/manager.ts";
import { examples } from "../examples.ts";
import { testResource } from "../resource-contract.ts";

testResource(cephManager, examples["torocloud:ceph:Manager"]);

// Both daemons have one key in the cluster: created first, the new one's key goes when the old one is deleted.
it("is deleted before it is created on another host, because its key belongs to its name alone", () => {
  const inputs = { ...examples["torocloud:ceph:Manager"].inputs, host: "node2" };
  const key = cephManager.artifacts(inputs, undefined).find(({ kind }) => kind.name === "ceph.daemon-key");
  expect(key?.key).toBe("mgr.node1");
  expect(cephManager.replaceOrder).toBe("delete-then-create");
});
