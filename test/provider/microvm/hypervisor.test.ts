import { hypervisor } from "../../../provider/src/microvm/hypervisor.ts";
import { examples } from "../examples.ts";
import { testResource } from "../resource-contract.ts";

testResource(hypervisor, examples["torocloud:microvm:Hypervisor"]);
