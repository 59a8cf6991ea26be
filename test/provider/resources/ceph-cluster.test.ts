import { cephCluster } from "../../../provider/src/resources/ceph-cluster.ts";
import { examples } from "../examples.ts";
import { testResource } from "../resource-contract.ts";

testResource(cephCluster, examples["torocloud:ceph:Cluster"]);
