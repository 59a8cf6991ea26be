import { z } from "zod";
import { defineResource, type OnChange, type Problem } from "../lifecycle/define-resource.ts";
import type { Facts } from "../validation/facts.ts";
import {
  AbsolutePath,
  Acceleration,
  ContextId,
  HostName,
  Name,
  Numeral,
  none,
  Port,
  Text,
  VsockDevice,
  Whole,
  UnitName,
} from "../validation/schemas.ts";
import { formerShares, guestArtifacts, guestLogs } from "./guest-units.ts";
import { contextId, guestUnit, largestContextId, shareName } from "./names.ts";
import { consolePath, tscVariable } from "./qemu.ts";
import { guestAnswers } from "./readiness.ts";
import { sharePolicy } from "./share-policy.ts";

const Tag = Text("1 to 36 letters, digits, _ or -", /^[A-Za-z0-9_-]{1,36}$/);

/** What QEMU is told. The unit expands the one variable that is ours, wherever it stands. */
const Line = Text("printable ASCII on one line", /^[\x20-\x7e]*$/).refine(
  (text) => !text.includes(`\${${tscVariable}}`),
  `expected text without \${${tscVariable}}, which torocloud fills in by itself`,
);

const inputs = z.object({
  host: HostName.describe("Where it runs."),
  name: Name.describe("Its name on the host."),
  kernel: AbsolutePath.describe("Its kernel, as the host sees it."),
  initramfs: AbsolutePath.optional().describe("Its initial file system, as the host sees it."),
  preset: z
    .enum(["linux", "toro"])
    .default("linux")
    .describe("Machine options and kernel command line to start from."),
  memoryMiB: Whole("MiB", { min: 16, max: 1_048_576 }).default(128).describe("Its memory, in MiB."),
  cpus: Whole("processors", { max: 255 }).default(1).describe("Its virtual processors."),
  cpuAffinity: z
    .array(Numeral("the number of a processor", { min: 0 }))
    .default([])
    .describe("The host's processors that it may run on; all when empty."),
  commandLine: Line.max(2000, "expected at most 2000 characters")
    .default("")
    .describe("Added to the preset's kernel command line."),
  machineOptions: z
    .record(Text("the name of a machine option", /^[a-z][a-z0-9-]*$/), Line)
    .default({})
    .describe("Options of QEMU's microvm machine, over the preset's."),
  shares: z
    .array(
      z.strictObject({
        tag: Tag.describe("The tag by which the guest mounts it."),
        share: z.strictObject(sharePolicy).describe("What it is: the policy of a Share."),
      }),
    )
    .default([])
    .describe("Its virtio-fs devices."),
  accel: Acceleration.describe("Hardware virtualisation, or QEMU's emulation."),
  vsock: VsockDevice.describe("Its vsock device."),
  contextId: ContextId.optional().describe(
    "Its vsock address, its own on the host; at most 2147483647 with preset toro. Derived from stack and name when left out.",
  ),
  mountUnit: UnitName.describe("The unit that mounts what its kernel lies on."),
  turn: Name.optional().describe(
    "What it serves together with other guests: of those of the stack that name the same, only one is restarted at a time.",
  ),
  ready: z
    .strictObject({
      port: Port.describe("The vsock port that answers when the guest serves."),
      path: Text("a path that starts with /, of printable ASCII without spaces", /^\/[\x21-\x7e]*$/)
        .optional()
        .describe(
          "A path to GET there; a response below 500 is an answer. Without it, an accepted connection is.",
        ),
      timeoutSeconds: Whole("seconds", { max: 3600 }).default(120).describe("How long it may take."),
    })
    .optional()
    .describe("How to tell that it serves; without it, that its process runs has to do."),
});

const derived = z.object({
  contextId: ContextId.describe("Its vsock address."),
  shareNames: z
    .record(z.string(), z.string())
    .describe("What the units of the virtiofsd for each share are called after, by its tag."),
  unit: z.string().describe("Its systemd unit."),
  console: z.string().describe("The file on the host that has what it wrote to its console."),
});

/** A microVM. */
export const guest = defineResource({
  type: "torocloud:microvm:Guest",
  summary: "A microVM.",
  kind: "guest",
  inputs,
  derived,
  outputs: none,
  derive: {
    contextId: (desired): number => desired.contextId ?? contextId(desired.owner, desired.name),
    shareNames: ({ name, shares }): Record<string, string> =>
      Object.fromEntries(shares.map(({ tag }) => [tag, shareName(name, tag)])),
    unit: ({ name }): string => guestUnit(name),
    console: ({ name }): string => consolePath(name),
  },
  keeps: ["contextId", "shareNames"],
  onChange: {
    host: "move",
    name: "replace",
    kernel: "restart",
    initramfs: "restart",
    preset: "restart",
    memoryMiB: "restart",
    cpus: "restart",
    cpuAffinity: "restart",
    commandLine: "restart",
    machineOptions: "restart",
    shares: { mostly: "restart", of: sharesChange },
    shareNames: "restart",
    accel: "restart",
    vsock: "restart",
    contextId: "restart",
    mountUnit: "restart",
    turn: "record",
    ready: "record",
    unit: "replace",
    console: "record",
  },
  replaceOrder: "delete-then-create",

  name: ({ name }) => name,
  validate: (desired) => [...repeatedTags(desired.shares), ...tooLarge(desired)],
  requires: (desired, facts) => unsuited(desired, facts),
  artifacts: (desired) => guestArtifacts(desired),
  comesByItself: (desired) => [...formerShares(desired), ...guestLogs(desired)],
  turn: ({ owner, turn }) => (turn === undefined ? undefined : `guests of ${turn} of ${owner}`),
  readyWhen: (desired) => (desired.ready ? [guestAnswers(desired, desired.ready)] : []),
});

/** Toro sends a context identifier with its sign, which every vsock device drops. */
function tooLarge({
  preset,
  contextId: id,
}: Pick<z.output<typeof inputs>, "preset" | "contextId">): Problem[] {
  if (preset !== "toro" || id === undefined || id <= largestContextId) return [];
  const expected = `expected a context identifier that Toro can use, 3 to ${String(largestContextId)}`;
  return [{ property: "contextId", reason: `is ${String(id)}; ${expected}` }];
}

function unsuited({ host, memoryMiB, vsock }: z.output<typeof inputs>, facts: Facts): Problem[] {
  const problems: Problem[] = [];
  if (memoryMiB >= facts.memoryMiB) {
    const expected = `expected less than the ${String(facts.memoryMiB)} MiB that ${host} has`;
    problems.push({ property: "memoryMiB", reason: `is ${String(memoryMiB)}; ${expected}` });
  }
  if (vsock === "kernel" && facts.vsock === "user") {
    const expected = `expected "user", because the kernel of ${host} has no vhost-vsock`;
    problems.push({ property: "vsock", reason: `is "kernel"; ${expected}` });
  }
  return problems;
}

type Shares = z.output<typeof inputs>["shares"];

/** State of 0.1.0 names shares, which are parts of the guest by now: what serves the same tags as before goes on as it is. */
function sharesChange(before: readonly { tag: string; share: unknown }[], after: Shares): OnChange {
  const tags = (shares: readonly { tag: string }[]): string => shares.map(({ tag }) => tag).join();
  const isFormer = before.length > 0 && before.every(({ share }) => typeof share === "string");
  return isFormer && tags(before) === tags(after) ? "record" : "restart";
}

function repeatedTags(shares: Shares): Problem[] {
  return shares
    .map(({ tag }) => tag)
    .filter((tag, index, tags) => tags.indexOf(tag) !== index)
    .map((tag) => ({ property: "shares", reason: `has the tag "${tag}" twice; expected each tag once` }));
}
