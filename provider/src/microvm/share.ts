import { z } from "zod";
import { defineResource } from "../lifecycle/define-resource.ts";
import { HostNames, MountPoint, Name, none, Whole } from "../validation/schemas.ts";
import { quota, sharedDirectory } from "./shared-directory.ts";
import { sharePolicy, type SharePolicy } from "./share-policy.ts";

const inputs = z.object({
  hosts: HostNames.describe(
    "Hosts through which it is managed: the first that has the storage mounted. Guests of any host may use it.",
  ),
  name: Name.describe("The share's name."),
  storage: MountPoint.describe("Where CephFS is mounted, the same on all hosts."),
  ...sharePolicy,
  source: sharePolicy.source.describe(
    "The directory that guests see, below the storage; made where it is not there, and never removed.",
  ),
  quotaMiB: Whole("MiB", { max: 1_073_741_824 })
    .optional()
    .describe("How much it may hold, in MiB, as CephFS counts; no limit of its own when left out."),
});

const derived = z.object({
  policy: z.object(sharePolicy).describe("What a guest is given to use it."),
});

/** A directory on CephFS, and how guests may use it. The virtiofsd that serves it is a part of each guest. */
export const share = defineResource({
  type: "torocloud:microvm:Share",
  summary: "A directory on CephFS, and how guests may use it.",
  kind: "share",
  inputs,
  derived,
  outputs: none,
  derive: {
    policy: ({ source, readOnly, cache, ids }): SharePolicy => ({
      source,
      readOnly,
      cache,
      ...(ids && { ids }),
    }),
  },
  onChange: {
    hosts: "record",
    name: "replace",
    storage: "record",
    source: "live",
    readOnly: "record",
    cache: "record",
    ids: "live",
    quotaMiB: "live",
    policy: "record",
  },
  replaceOrder: "create-then-delete",
  lies: "storage",

  name: ({ name }) => name,
  validate: ({ source, storage }) =>
    source.startsWith(`${storage}/`)
      ? []
      : [{ property: "source", reason: `is "${source}"; expected a directory below ${storage}` }],
  artifacts: ({ source, ids, quotaMiB }) => [
    sharedDirectory(source, ids),
    ...(quotaMiB === undefined ? [] : [quota(source, quotaMiB)]),
  ],
});
