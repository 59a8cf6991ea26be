import type { Readable } from "node:stream";
import type { Artifact } from "./artifact.ts";
import { asset } from "./asset.ts";
import { sh } from "./script.ts";

interface Tree {
  /** Where it is on the host. */
  readonly path: string;
  /** As `treeDigest` computes it. */
  readonly digest: string;
  /** A tar stream of it, each file with a PAX header TOROCLOUD.sha256; called only when it must be sent. */
  readonly archive: () => Readable;
  /** Kept on removal, unless the destruction of data was asked for. */
  readonly data?: string;
}

const unanswered = "unanswered";

/** Files from elsewhere, each replaced atomically; files that did not come from there are left alone. Needs python3. */
export function tree({ path, digest, archive, data }: Tree): Artifact {
  const program = asset("sync_tree.py");
  return {
    what: `files in ${path}`,
    // A network file system without servers keeps whoever looks waiting.
    probe: sh`timeout --kill-after 5 45 python3 -c ${program} look ${path} || { [ $? -lt 124 ] || echo ${unanswered}; }`,
    expected: digest,
    apply: sh`python3 -c ${program} sync ${path}`,
    remove: sh`rm -rf --one-file-system ${path}`,
    payload: archive,
    ...(data !== undefined && { data }),
    missing: "are missing",
    explain: (actual) => {
      if (actual.endsWith(unanswered)) return "cannot be looked at: no answer within 45 s";
      const [digest, ...changed] = actual.split(" ");
      if (digest === "other") return "hold what did not come from here";
      return changed.length > 0
        ? `were changed on the host: ${changed.join(", ")}`
        : "are not the declared ones";
    },
  };
}
