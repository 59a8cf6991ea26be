import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { beforeAll, expect, it } from "vitest";

/** A program of its own, with its own compiler settings. */
const example = "../../examples/build-image/index.ts";

/** The plugin of @pulumi/command cannot be fetched where these tests run, so Pulumi's mocks stand in for the engine. */
const registered: pulumi.runtime.MockResourceArgs[] = [];

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), "torocloud-build-image-"));
  const inventory = join(folder, "inventory.json");
  const known = join(folder, "known_hosts");
  writeFileSync(
    known,
    "192.0.2.21 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n",
  );
  const host = { address: "192.0.2.21", knownHostsFile: known, agent: true };
  writeFileSync(inventory, JSON.stringify({ hosts: { host1: host } }));
  pulumi.runtime.setAllConfig({ "torocloud:inventory": inventory });
  await pulumi.runtime.setMocks(
    {
      newResource: (args) => {
        registered.push(args);
        const built = args.type === "command:local:Command" ? { stdout: "demo image: making it\nout\n" } : {};
        return { id: `${args.name}-id`, state: { ...(args.inputs as object), ...built } };
      },
      call: () => ({}),
    },
    "build-image",
    "test",
    false,
    "organization",
  );
});

it("uploads what the command built, after it was built", async () => {
  const { image } = (await import(example)) as {
    image: { kernel: pulumi.Output<string>; initramfs: pulumi.Output<string> };
  };
  const paths = await new Promise((resolve) => {
    pulumi.all([image.kernel, image.initramfs]).apply(resolve);
  });
  expect(paths).toEqual(["out/vmlinux", "out/initramfs"]);
  expect(registered.map(({ type }) => type)).toEqual([
    "command:local:Command",
    expect.stringContaining("torocloud:Image"),
  ]);
});
