import { portForward } from "../../../provider/src/microvm/port-forward.ts";
import { examples } from "../examples.ts";
import { testResource } from "../resource-contract.ts";

testResource(portForward, examples["torocloud:microvm:PortForward"]);
