import type { Readable } from "node:stream";
import type { Artifact, Condition } from "../artifacts/artifact.ts";
import { directory, file, sentFile, systemUser } from "../artifacts/files.ts";
import { passiveUnit } from "../artifacts/units.ts";
import { asset } from "../artifacts/asset.ts";
import { clock } from "./clock.ts";
import { forwardProgram } from "./forward-units.ts";
import { guestUser, logDirectory, programDirectory } from "./names.ts";

interface Device {
  readonly digest: string;
  readonly content: () => Readable;
}

/** What every guest of a host needs: a user, the forwarding program, and the user-space vsock device where it is used. */
export function hypervisorArtifacts(vsockDevice: Device | undefined): Artifact[] {
  return [
    systemUser(guestUser),
    passiveUnit("torocloud.slice"),
    directory(programDirectory),
    directory(logDirectory, { owner: `${guestUser}:${guestUser}` }),
    file(forwardProgram, asset("forward.py")),
    clock,
    // A program that is sent, not fetched: the hosts need no way out.
    ...(vsockDevice
      ? [
          sentFile(`${programDirectory}/vhost-device-vsock`, {
            digest: vsockDevice.digest,
            mode: "755",
            owner: "root:root",
            payload: vsockDevice.content,
          }),
        ]
      : []),
  ];
}

/** Nothing on the host, also of another stack, needs what a removal would take away. */
export const hypervisorUnused: Condition = {
  kind: "microvm.hypervisor-unused",
  spec: {},
  what: "guests, shares and forwards of the host to be gone",
  seconds: 0,
};
