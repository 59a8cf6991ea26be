import { image } from "../../../provider/src/resources/image.ts";
import { examples } from "../examples.ts";
import { testResource } from "../resource-contract.ts";

testResource(image, examples["torocloud:microvm:Image"], {
  "changing host means: record":
    "a marker lies on each host, so through another host everything is uploaded again and the old marker stays behind",
  "another storage leaves the new thing whole":
    "both share one marker, so with create-then-delete the deletion of the old one takes away the new one's marker",
});
