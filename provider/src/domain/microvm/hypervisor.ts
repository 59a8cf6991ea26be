import type { Readable } from "node:stream";
import type { Artifact } from "../../host/artifact.ts";
import { asset } from "../../host/asset.ts";
import { contentOf, directory, file, systemUser } from "../../host/files.ts";
import { sh } from "../../host/script.ts";
import { unitOfOthers } from "../../host/systemd.ts";
import { guestUser, logDirectory, programDirectory } from "./names.ts";
import { tscVariable } from "./qemu.ts";
import { forwardProgram } from "./port-forward.ts";

interface Device {
  readonly digest: string;
  readonly content: () => Readable;
}

/** What every guest of a host needs: a user, the forwarding program, and the user-space vsock device where it is used. */
export function hypervisorArtifacts(vsockDevice: Device | undefined): Artifact[] {
  return [
    systemUser(guestUser),
    unitOfOthers("torocloud.slice"),
    directory(programDirectory),
    directory(logDirectory, { owner: `${guestUser}:${guestUser}` }),
    file(forwardProgram, asset("forward.py")),
    clock,
    ...(vsockDevice ? [program(`${programDirectory}/vhost-device-vsock`, vsockDevice)] : []),
  ];
}

/** Read by guests' units. */
export const clockFile = `${programDirectory}/clock.env`;

/** What the kernel measured when it started; the processor's current frequency may be another one. */
const clock: Artifact = {
  what: `file ${clockFile}`,
  probe: sh`[ -f ${clockFile} ] && stat -c '%a %U:%G' ${clockFile} && grep -xE ${`${tscVariable}=[0-9]+`} ${clockFile} | cut -d= -f1`,
  expected: `644 root:root ${tscVariable}`,
  apply: sh`mhz=$({ dmesg 2>/dev/null | sed -n 's/.*tsc: Detected \([0-9.]*\) MHz.*/\1/p'; sed -n 's/^cpu MHz.*: //p' /proc/cpuinfo; } | head -n 1)
[ -n "$mhz" ]
echo ${tscVariable}="$(awk -v mhz="$mhz" 'BEGIN { print int(mhz * 1000) }')" | put_file ${clockFile} 644 root:root`,
  remove: sh`rm -f ${clockFile}`,
};

/** A program that is sent, not fetched: the hosts need no way out. */
function program(path: string, { digest, content }: Device): Artifact {
  return {
    what: `program ${path}`,
    ...contentOf(path, digest, { mode: "755" }),
    apply: sh`put_file ${path} 755 root:root`,
    payload: content,
  };
}
