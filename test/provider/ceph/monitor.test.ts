import { cephMonitor } from "../../../provider/src/ceph/monitor.ts";
import { examples } from "../examples.ts";
import { testResource } from "../resource-contract.ts";

testResource(cephMonitor, examples["torocloud:ceph:Monitor"]);
