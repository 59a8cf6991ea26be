import { packages } from "../../../provider/src/machine/packages.ts";
import { examples } from "../examples.ts";
import { testResource } from "../resource-contract.ts";

testResource(packages, examples["torocloud:host:Packages"]);
