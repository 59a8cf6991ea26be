import { sharedFiles } from "../../../provider/src/microvm/shared-files.ts";
import { examples } from "../examples.ts";
import { testResource } from "../resource-contract.ts";

testResource(sharedFiles, examples["torocloud:microvm:SharedFiles"]);
