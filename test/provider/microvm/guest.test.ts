import { guest } from "../../../provider/src/microvm/guest.ts";
import { examples } from "../examples.ts";
import { testResource } from "../resource-contract.ts";

testResource(guest, examples["torocloud:microvm:Guest"]);
