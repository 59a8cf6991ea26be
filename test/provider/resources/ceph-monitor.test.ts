import { cephMonitor } from "../../../provider/src/resources/ceph-monitor.ts";
import { examples } from "../examples.ts";
import { testResource } from "../resource-contract.ts";

testResource(cephMonitor, examples["torocloud:ceph:Monitor"]);
