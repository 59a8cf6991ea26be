import { createReadStream } from "node:fs";
import { z } from "zod";
import { defineResource } from "../lifecycle/define-resource.ts";
import { fileDigest, fileProblem } from "../project/local-file.ts";
import { projectPath } from "../project/project-path.ts";
import { Acceleration, HostName, LocalPath, VsockDevice } from "../validation/schemas.ts";
import { shown } from "../validation/shown.ts";
import { accelerationOf } from "./acceleration.ts";
import { hypervisorArtifacts, hypervisorUnused } from "./hypervisor-parts.ts";

const inputs = z.object({
  host: HostName.describe("The host that is to run guests."),
  accel: z
    .enum(["auto", "kvm", "tcg"])
    .default("auto")
    .describe("Hardware virtualisation, emulation, or what a trial on the host shows to work."),
  vsock: VsockDevice.describe("The vsock device of its guests."),
  vhostDeviceVsock: LocalPath("the program vhost-device-vsock")
    .optional()
    .describe('The local file of the program vhost-device-vsock; needed where vsock is "user".'),
});

const derived = z.object({
  vhostDeviceVsockDigest: z.string().optional().describe("SHA-256 of that program."),
});

const outputs = z.object({
  acceleration: Acceleration.describe("What its guests run on."),
});

/** What makes a host one that runs guests. QEMU and virtiofsd are packages; see Packages. */
export const hypervisor = defineResource({
  type: "torocloud:microvm:Hypervisor",
  summary: "What makes a host one that runs guests.",
  kind: "hypervisor",
  inputs,
  derived,
  outputs,
  derive: {
    vhostDeviceVsockDigest: ({ vsock, vhostDeviceVsock }): string | undefined =>
      vsock === "user" && vhostDeviceVsock !== undefined ? fileDigest(vhostDeviceVsock) : undefined,
  },
  onChange: {
    host: "replace",
    accel: "record",
    vsock: "live",
    vhostDeviceVsock: "record",
    vhostDeviceVsockDigest: "live",
  },
  replaceOrder: "delete-then-create",

  name: () => "hypervisor",
  validate({ vsock, vhostDeviceVsock }) {
    if (vsock === "kernel") return [];
    const reason = vhostDeviceVsock === undefined ? "is missing" : fileProblem(vhostDeviceVsock);
    return reason === undefined
      ? []
      : [
          {
            property: "vhostDeviceVsock",
            reason: `${vhostDeviceVsock === undefined ? reason : `is ${shown(vhostDeviceVsock)}, which ${reason}`}; expected the program vhost-device-vsock, because the host has no vhost-vsock of its own: cargo install vhost-device-vsock --version 0.3.0 --locked`,
          },
        ];
  },
  artifacts: ({ vhostDeviceVsock, vhostDeviceVsockDigest }) =>
    hypervisorArtifacts(
      vhostDeviceVsock === undefined || vhostDeviceVsockDigest === undefined
        ? undefined
        : { digest: vhostDeviceVsockDigest, content: () => createReadStream(projectPath(vhostDeviceVsock)) },
    ),
  report: ({ accel }) => accelerationOf(accel),
  removableWhen: () => [hypervisorUnused],
});
