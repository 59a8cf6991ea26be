import { z } from "zod";
import { defineResource } from "../lifecycle/define-resource.ts";
import { AbsolutePath, HostNames, Name, none } from "../validation/schemas.ts";
import { clientKey, fileSystemDirectory } from "./client-access.ts";

const inputs = z.object({
  hosts: HostNames.describe("Nodes of the cluster through which it is managed: the first that has quorum."),
  name: Name.describe("The user: client.<name>."),
  fileSystem: Name.describe("The file system it may use."),
  path: AbsolutePath.default("/").describe("The directory it may use, made if need be; nothing above it."),
  access: z.enum(["rw", "r"]).default("rw").describe("Read and write, or read only."),
});

/** A client's key, limited to one directory of one file system. It never leaves the hosts that use it. */
export const cephClientKey = defineResource({
  type: "torocloud:ceph:ClientKey",
  summary: "A key for clients of CephFS, limited to one directory.",
  kind: "ceph-client-key",
  inputs,
  derived: none,
  outputs: none,
  derive: {},
  onChange: { hosts: "record", name: "replace", fileSystem: "live", path: "live", access: "live" },
  replaceOrder: "delete-then-create",
  lies: "cluster",

  name: ({ name }) => name,
  artifacts: ({ name, fileSystem, path, access }) => [
    fileSystemDirectory(fileSystem, path),
    clientKey({ entity: `client.${name}`, fileSystem, path, access }),
  ],
});
