import { host } from "../../../provider/src/machine/host.ts";
import { examples } from "../examples.ts";
import { testResource } from "../resource-contract.ts";

testResource(host, examples["torocloud:host:Host"]);
