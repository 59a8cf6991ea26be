import { cephMount } from "../../../provider/src/ceph/mount.ts";
import { examples } from "../examples.ts";
import { testResource } from "../resource-contract.ts";

testResource(cephMount, examples["torocloud:ceph:Mount"]);
