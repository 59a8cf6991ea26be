import { local } from "@pulumi/command";
import { Config, getStack } from "@pulumi/pulumi";
import { microvm } from "@torocloud/sdk";

// The plugin of @pulumi/command comes from Pulumi's download site, which the project's own machines cannot reach: this
// program is type-checked and tested with Pulumi's mocks (test/examples), and has not been run by an engine there.
const config = new Config();
const source = config.get("source") ?? "../../images/demo";

// Built where Pulumi runs, and again when the source changes: bump `revision`, or give it a commit's hash.
const build = new local.Command("build", {
  create: `sh ${source}/build.sh out && echo out`,
  triggers: [config.get("revision") ?? getStack()],
});

// Until it has been built, a preview shows the image's digest as not known yet.
const folder = build.stdout.apply((output) => output.trim().split("\n").at(-1) ?? "out");

/** Uploaded to CephFS through the first host that has it mounted; guests boot `image.kernelPath`. */
export const image = new microvm.Image("image", {
  hosts: config.getObject<string[]>("hosts") ?? ["host1"],
  name: "built",
  storage: config.get("storage") ?? "/srv/torocloud",
  kernel: folder.apply((path) => `${path}/vmlinux`),
  initramfs: folder.apply((path) => `${path}/initramfs`),
});
