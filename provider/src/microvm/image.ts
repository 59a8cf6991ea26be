import { z } from "zod";
import { sha256 } from "../artifacts/files.ts";
import { tree } from "../artifacts/tree.ts";
import { defineResource, type Problem } from "../lifecycle/define-resource.ts";
import { fileProblem, kernelFormat } from "../project/local-file.ts";
import { treeArchive, treeDigest, treeFile, type TreeFile } from "../project/local-folder.ts";
import { HostNames, LocalPath, MountPoint, Name, none } from "../validation/schemas.ts";
import { shown } from "../validation/shown.ts";

const inputs = z.object({
  hosts: HostNames.describe("Hosts through which it is uploaded: the first that has the storage mounted."),
  name: Name.describe("The image's name."),
  storage: MountPoint.describe("Where CephFS is mounted, the same on all hosts."),
  kernel: LocalPath("a file to upload").describe(
    "A local file: an x86-64 ELF (a unikernel, a vmlinux with a PVH note) or a bzImage.",
  ),
  initramfs: LocalPath("a file to upload")
    .optional()
    .describe("A local file: the initial file system of a Linux kernel."),
});

const derived = z.object({
  digest: z.string().describe("SHA-256 over its files: another content is another image."),
  kernelPath: z.string().describe("The kernel on every host that has the storage mounted."),
  initramfsPath: z.string().optional().describe("The initial file system there, if there is one."),
});

interface Files {
  readonly kernel: string;
  readonly initramfs?: string | undefined;
}

function files({ kernel, initramfs }: Files): TreeFile[] {
  return [treeFile(kernel, "kernel"), ...(initramfs === undefined ? [] : [treeFile(initramfs, "initramfs")])];
}

/** The image's name with what makes it another one: where it is kept, and its content. */
function keyOf({ storage, name, digest }: { storage: string; name: string; digest: string }): string {
  return `${name}-${sha256(`${storage} ${digest}`).slice(0, 12)}`;
}

function directoryOf(image: { storage: string; name: string; digest: string }): string {
  return `${image.storage}/images/${keyOf(image)}`;
}

/** The directory that local files will have, by what they hold now. */
function uploadedTo(image: Files & { storage: string; name: string }): string {
  return directoryOf({ storage: image.storage, name: image.name, digest: treeDigest(files(image)) });
}

/** A kernel or unikernel, kept on CephFS under its content's digest. Guests keep theirs until they are told to move on. */
export const image = defineResource({
  type: "torocloud:microvm:Image",
  summary: "A kernel or unikernel on CephFS, under the digest of its content.",
  kind: "image",
  inputs,
  derived,
  outputs: none,
  derive: {
    digest: (desired): string => treeDigest(files(desired)),
    kernelPath: (desired): string => `${uploadedTo(desired)}/kernel`,
    initramfsPath: (desired): string | undefined =>
      desired.initramfs === undefined ? undefined : `${uploadedTo(desired)}/initramfs`,
  },
  onChange: {
    hosts: "record",
    name: "replace",
    storage: "replace",
    kernel: "record",
    initramfs: "record",
    digest: "replace",
    kernelPath: "replace",
    initramfsPath: "replace",
  },
  replaceOrder: "create-then-delete",
  lies: "storage",

  name: (desired) => keyOf(desired),
  validate: ({ kernel, initramfs }) => [
    ...problem("kernel", kernel, fileProblem(kernel) ?? formatProblem(kernel)),
    ...(initramfs === undefined ? [] : problem("initramfs", initramfs, fileProblem(initramfs))),
  ],
  artifacts: (desired) => [
    tree({
      path: directoryOf(desired),
      digest: desired.digest,
      archive: () => treeArchive(files(desired)),
    }),
  ],
  removableWhen: (desired) => [
    {
      kind: "microvm.image-unused",
      spec: { path: directoryOf(desired) },
      what: `guests that start from image ${desired.name} to be gone`,
      seconds: 0,
    },
  ],
});

function problem(property: string, path: string, reason: string | undefined): Problem[] {
  return reason === undefined
    ? []
    : [{ property, reason: `is ${shown(path)}, which ${reason}; expected a file to upload` }];
}

function formatProblem(path: string): string | undefined {
  return kernelFormat(path) === undefined ? "is neither an x86-64 ELF nor a bzImage" : undefined;
}
