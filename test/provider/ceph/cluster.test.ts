import { cephCluster } from "../../../provider/src/ceph/cluster.ts";
import { examples } from "../examples.ts";
import { testResource } from "../resource-contract.ts";

testResource(cephCluster, examples["torocloud:ceph:Cluster"]);
