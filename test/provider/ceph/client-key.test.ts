import { cephClientKey } from "../../../provider/src/ceph/client-key.ts";
import { examples } from "../examples.ts";
import { testResource } from "../resource-contract.ts";

testResource(cephClientKey, examples["torocloud:ceph:ClientKey"]);
