import { share } from "../../../provider/src/microvm/share.ts";
import { examples } from "../examples.ts";
import { testResource } from "../resource-contract.ts";

testResource(share, examples["torocloud:microvm:Share"]);
