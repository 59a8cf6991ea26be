import { guest } from "../../../provider/src/resources/guest.ts";
import { examples } from "../examples.ts";
import { testResource } from "../resource-contract.ts";

testResource(guest, examples["torocloud:microvm:Guest"], {
  "a change that fails is cleaned up after":
    "HalfMade's properties are the new inputs, so the next update no longer knows what the former ones had asked for",
});
