import { createHash } from "node:crypto";
import ssh2 from "ssh2";

/** A public host key: its type, such as ssh-ed25519, and its body in base64. */
export interface HostKey {
  readonly type: string;
  readonly body: string;
}

/** The signature algorithms to offer for each type of host key that can be pinned, best first. */
const algorithmsByType = {
  "ssh-ed25519": ["ssh-ed25519"],
  "ecdsa-sha2-nistp256": ["ecdsa-sha2-nistp256"],
  "ecdsa-sha2-nistp384": ["ecdsa-sha2-nistp384"],
  "ecdsa-sha2-nistp521": ["ecdsa-sha2-nistp521"],
  "ssh-rsa": ["rsa-sha2-512", "rsa-sha2-256"],
} as const;

export type HostKeyAlgorithm = (typeof algorithmsByType)[keyof typeof algorithmsByType][number];

/** The algorithms with which a host can prove that it holds one of `keys`, or any key when there are none. */
export function hostKeyAlgorithms(keys: readonly HostKey[]): HostKeyAlgorithm[] {
  const types = new Set(keys.map(({ type }) => type));
  return Object.entries(algorithmsByType).flatMap(([type, algorithms]) =>
    types.has(type) || types.size === 0 ? algorithms : [],
  );
}

/** The key in "type base64 [comment]", or undefined when the text is no key of a type that can be pinned. */
export function parseHostKey(text: string): HostKey | undefined {
  const [type = "", body = ""] = text.trim().split(/\s+/);
  if (!(type in algorithmsByType) || !/^[A-Za-z0-9+/]+={0,2}$/.test(body)) return undefined;
  return isComplete(type, body) ? { type, body } : undefined;
}

function isComplete(type: string, body: string): boolean {
  const blob = Buffer.from(body, "base64");
  if (hostKeyOf(blob).type !== type || (type === "ssh-ed25519" && blob.length !== 51)) return false;
  return !(ssh2.utils.parseKey(`${type} ${body}`) instanceof Error);
}

/** The key in the form in which SSH sends it. */
export function hostKeyOf(blob: Buffer): HostKey {
  const length = blob.length < 4 ? 0 : blob.readUInt32BE(0);
  return { type: blob.toString("latin1", 4, 4 + Math.min(length, 64)), body: blob.toString("base64") };
}

/** "ssh-ed25519 SHA256:...", as `ssh-keygen -l` shows it. */
export function fingerprint({ type, body }: HostKey): string {
  const digest = createHash("sha256").update(Buffer.from(body, "base64")).digest("base64");
  return `${type} SHA256:${digest.replace(/=+$/, "")}`;
}
