import { artifact, type Artifact, type Kind, type Query } from "../artifacts/artifact.ts";
import { keyringDifferences } from "./key.ts";
import { seedKeyring } from "./names.ts";

/** The sections of a keyring file, by entity: text as it stands in the file. Throws when one that is wanted is missing. */
export function keyringSection(keyring: string, entity: string): string {
  const sections = keyring.split(/^(?=\[)/m);
  const section = sections.find((text) => text.startsWith(`[${entity}]`));
  if (section === undefined) throw new Error(`the cluster's keyring has no key for ${entity}`);
  return `${section.trimEnd()}\n`;
}

/** A keyring with one key, as Ceph's daemons and clients read it. Throws for what is no key: it would be read as more. */
export function renderKeyring(entity: string, key: string): string {
  if (!/^[A-Za-z0-9+/=]*$/.test(key))
    throw new Error(`what the cluster gave as the key of ${entity} is none`);
  return `[${entity}]\n\tkey = ${key}\n`;
}

/** The keys that a cluster was born with: the text of their keyring. */
export function readBornKeys(cluster: string): Query {
  return { kind: "ceph.born-keys", spec: { cluster }, what: `reading the keys of cluster ${cluster}` };
}

type BornState = Readonly<{
  mode: string;
  owner: string;
  /** "same" keys as ever, "other" ones, or "unsealed": no checksum says which they were. */
  holds: string;
}>;

const bornKeyringKind: Kind<{ readonly path: string }, BornState> = {
  name: "ceph.born-keyring",
  title: (path) => `keyring ${path}`,
  differences: ({ path }, { holds, ...state }) =>
    holds === "unsealed"
      ? ["has no checksum beside it"]
      : keyringDifferences({ ...state, same: holds === "same" }, path, "root:root"),
};

/** The keys a cluster is born with: monitors, administrator, and the one that may only add OSDs. Made once, never again. */
export function bornKeyring(cluster: string): Artifact {
  const path = seedKeyring(cluster);
  return artifact(bornKeyringKind, path, { spec: { path }, data: path });
}
