import { z } from "zod";
import { tree } from "../artifacts/tree.ts";
import { defineResource } from "../lifecycle/define-resource.ts";
import { folderFiles, folderProblem, treeArchive, treeDigest } from "../project/local-folder.ts";
import { HostNames, LocalPath, MountPoint, Name, none } from "../validation/schemas.ts";
import { shown } from "../validation/shown.ts";

const inputs = z.object({
  hosts: HostNames.describe("Hosts through which they are uploaded: the first that has the storage mounted."),
  name: Name.describe("The directory's name on CephFS."),
  storage: MountPoint.describe("Where CephFS is mounted, the same on all hosts."),
  folder: LocalPath("a folder of files").describe(
    "A local folder. Guests see its files as soon as they are there.",
  ),
});

const derived = z.object({
  digest: z.string().describe("SHA-256 over the folder's files."),
  path: z.string().describe("The directory on every host that has the storage mounted."),
});

/** A local folder, kept equal to a directory on CephFS. Files that guests put there themselves are left alone. */
export const sharedFiles = defineResource({
  type: "torocloud:microvm:SharedFiles",
  summary: "A local folder, kept equal to a directory on CephFS.",
  kind: "shared-files",
  inputs,
  derived,
  outputs: none,
  derive: {
    digest: ({ folder }): string => treeDigest(folderFiles(folder)),
    path: ({ storage, name }): string => `${storage}/shares/${name}`,
  },
  onChange: {
    hosts: "record",
    name: "replace",
    storage: "replace",
    folder: "record",
    digest: "live",
    path: "replace",
  },
  replaceOrder: "delete-then-create",
  lies: "storage",

  name: ({ name }) => name,
  validate({ folder }) {
    const reason = folderProblem(folder);
    return reason === undefined
      ? []
      : [{ property: "folder", reason: `is ${shown(folder)}, which ${reason}; expected a folder of files` }];
  },
  artifacts: ({ path, digest, folder }) => [
    tree({ path, digest, archive: () => treeArchive(folderFiles(folder)), data: path }),
  ],
});
