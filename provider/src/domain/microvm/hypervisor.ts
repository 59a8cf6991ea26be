import type { Readable } from "node:stream";
import type { Artifact } from "../../host/artifact.ts";
import { asset } from "../../host/asset.ts";
import { directory, file, systemUser } from "../../host/files.ts";
import { sh } from "../../host/script.ts";
import { guestUser, logDirectory, programDirectory } from "./names.ts";
import { forwardProgram } from "./port-forward.ts";

interface Device {
  readonly digest: string;
  readonly content: () => Readable;
}

/** What every guest of a host needs: a user, the forwarding program, and the user-space vsock device where it is used. */
export function hypervisorArtifacts(vsockDevice: Device | undefined): Artifact[] {
  return [
    systemUser(guestUser),
    directory(programDirectory),
    directory(logDirectory, { owner: `${guestUser}:${guestUser}` }),
    file(forwardProgram, asset("forward.py")),
    ...(vsockDevice ? [program(`${programDirectory}/vhost-device-vsock`, vsockDevice)] : []),
  ];
}

/** A program that is sent, not fetched: the hosts need no way out. */
function program(path: string, { digest, content }: Device): Artifact {
  return {
    what: `program ${path}`,
    probe: sh`[ -f ${path} ] && stat -c '%a %U:%G' ${path} && sha256sum <${path} | cut -c1-64`,
    expected: `755 root:root ${digest}`,
    apply: sh`put_file ${path} 755 root:root`,
    remove: sh`rm -f ${path}`,
    payload: content,
    explain: () => "is not the declared one",
  };
}
