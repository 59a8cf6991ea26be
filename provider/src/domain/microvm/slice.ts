import type { Artifact } from "../../host/artifact.ts";
import { sh } from "../../host/script.ts";

/** Made by systemd when it is needed, and left behind when it is not. */
export function slice(name: string): Artifact {
  return {
    what: `slice ${name}`,
    probe: sh`echo any`,
    expected: "any",
    apply: sh`:`,
    remove: sh`systemctl stop ${name}`,
    common: true,
  };
}
