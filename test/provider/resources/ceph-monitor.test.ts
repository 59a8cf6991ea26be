import { cephMonitor } from "../../../provider/src/resources/ceph-monitor.ts";
import { examples } from "../examples.ts";
import { testResource } from "../resource-contract.ts";

testResource(cephMonitor, examples["torocloud:ceph:Monitor"], {
  "a change that would be refused is not, before":
    "refusedChanges in lifecycle/diff.ts compares the marker of an unknown value with the state",
});
