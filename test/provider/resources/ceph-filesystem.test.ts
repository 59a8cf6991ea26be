import { cephFileSystem } from "../../../provider/src/resources/ceph-filesystem.ts";
import { examples } from "../examples.ts";
import { testResource } from "../resource-contract.ts";

testResource(cephFileSystem, examples["torocloud:ceph:FileSystem"]);
