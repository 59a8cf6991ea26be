import { guest } from "../../../provider/src/resources/guest.ts";
import { examples } from "../examples.ts";
import { testResource } from "../resource-contract.ts";

testResource(guest, examples["torocloud:microvm:Guest"]);
