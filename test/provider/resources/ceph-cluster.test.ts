import { cephCluster } from "../../../provider/src/resources/ceph-cluster.ts";
import { examples } from "../examples.ts";
import { testResource } from "../resource-contract.ts";

testResource(cephCluster, examples["torocloud:ceph:Cluster"], {
  "a change that would be refused is not, before":
    "refusedChanges in lifecycle/diff.ts compares the marker of an unknown value with the state",
});
