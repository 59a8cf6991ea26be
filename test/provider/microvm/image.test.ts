import { image } from "../../../provider/src/microvm/image.ts";
import { examples } from "../examples.ts";
import { testResource } from "../resource-contract.ts";

testResource(image, examples["torocloud:microvm:Image"]);
