import { cephNode } from "../../../provider/src/ceph/node.ts";
import { examples } from "../examples.ts";
import { testResource } from "../resource-contract.ts";

testResource(cephNode, examples["torocloud:ceph:Node"]);
