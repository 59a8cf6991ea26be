import { existsSync, readFileSync } from "node:fs";
import ssh2 from "ssh2";
import { fingerprint, hostKeyOf } from "./host-key.ts";
import { variableIn } from "../inventory/fields.ts";

/** A key file's content and how to open it. Never shown, never kept longer than a dial. */
export interface PrivateKey {
  readonly content: Buffer;
  readonly passphrase?: string;
  /** The fingerprint of its public half, to be shown. */
  readonly fingerprint: string;
}

/**
 * Why `file` cannot be a private key at all, or undefined. An encrypted one counts as a key; and one that is not there may be there
 * when it is needed: a preview does without.
 */
export function privateKeyProblem(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  const content = read(file);
  if (typeof content === "string") return content;
  const key = ssh2.utils.parseKey(content);
  if (key instanceof Error)
    return isEncrypted(key) ? undefined : `${file} is not a private key that can be used`;
  return key.isPrivateKey() ? undefined : `${file} is a public key; expected the private one`;
}

/** The key in `file`, opened, or a sentence that says why not. */
export function readPrivateKey(
  file: string,
  passphraseEnv: string | undefined,
  environment: NodeJS.ProcessEnv,
): PrivateKey | string {
  const content = read(file);
  if (typeof content === "string") return content;
  const passphrase = passphraseEnv === undefined ? undefined : environment[passphraseEnv];
  const key = ssh2.utils.parseKey(content, passphrase);
  if (key instanceof Error)
    return explain({ file, error: key, passphraseEnv, given: passphrase !== undefined });
  return {
    content,
    ...(passphrase !== undefined && { passphrase }),
    fingerprint: fingerprintOf(key.getPublicSSH()),
  };
}

function fingerprintOf(blob: Buffer | string): string {
  return fingerprint(hostKeyOf(Buffer.from(blob)));
}

function read(file: string): Buffer | string {
  try {
    return readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "ENOENT"
      ? `${file} does not exist`
      : `${file} cannot be read (${code ?? "unknown reason"})`;
  }
}

function isEncrypted(error: Error): boolean {
  return /no passphrase given/i.test(error.message);
}

interface Failure {
  readonly file: string;
  readonly error: Error;
  readonly passphraseEnv: string | undefined;
  readonly given: boolean;
}

function explain({ file, error, passphraseEnv, given }: Failure): string {
  if (given)
    return `${file} cannot be opened with the passphrase in the environment variable ${variableIn("passphraseEnv", passphraseEnv)}`;
  if (!isEncrypted(error)) return `${file} is not a private key that can be used`;
  if (passphraseEnv !== undefined)
    return `${file} is encrypted and the environment variable ${variableIn("passphraseEnv", passphraseEnv)} with its passphrase is not set`;
  return `${file} is encrypted; name the environment variable with its passphrase in passphraseEnv`;
}
