import { cephFileSystem } from "../../../provider/src/ceph/file-system.ts";
import { examples } from "../examples.ts";
import { testResource } from "../resource-contract.ts";

testResource(cephFileSystem, examples["torocloud:ceph:FileSystem"]);
