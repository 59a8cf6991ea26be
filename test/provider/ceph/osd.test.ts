import { cephOsd } from "../../../provider/src/ceph/osd.ts";
import { examples } from "../examples.ts";
import { testResource } from "../resource-contract.ts";

testResource(cephOsd, examples["torocloud:ceph:Osd"]);
