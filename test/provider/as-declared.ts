import { sha256 } from "../../provider/src/artifacts/files.ts";
import type { Json, Spec } from "../../provider/src/host-program/wire.ts";

const owned = ({ mode, owner }: Spec): Json => ({ mode, owner });
const content = ({ mode, owner, content: text, digest }: Spec): Json => ({
  mode,
  owner,
  digest: digest ?? sha256(String(text)),
});

/** What the host's half of each kind observes where all is as a spec declares. */
const states: Readonly<Record<string, (spec: Spec) => Json>> = {
  directory: owned,
  file: content,
  "own-directory": owned,
  packages: ({ names }) => ({ installed: names }),
  "sent-file": content,
  tree: ({ digest }) => ({ digest, changed: [], more: 0, listInside: false }),
  user: () => ({ shell: "/usr/sbin/nologin", groups: ["torocloud"], locked: true }),
};

export function asDeclared(kind: string, spec: Spec): Json {
  const state = states[kind];
  if (!state) throw new Error(`test/provider/as-declared.ts knows no kind ${kind}`);
  return state(spec);
}
