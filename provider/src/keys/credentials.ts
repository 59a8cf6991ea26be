import { existsSync } from "node:fs";
import type { InventoryHost } from "../inventory/host.ts";
import { type PrivateKey, readPrivateKey } from "./private-key.ts";

/** What we can prove to a host, read anew for each dial. */
export interface Credentials {
  readonly privateKey?: PrivateKey;
  readonly agentSocket?: string;
  /** What is tried, in words: for messages. */
  readonly tried: readonly string[];
  /** What the inventory names but is not there, in words. */
  readonly missing: readonly string[];
}

/** The key and the agent that an entry names, as far as they are there. */
export function readCredentials(entry: InventoryHost, environment: NodeJS.ProcessEnv): Credentials {
  const found = [keyOf(entry, environment), agentOf(entry, environment)].filter((part) => part !== undefined);
  return {
    ...found.reduce<Found["proof"]>((proofs, { proof }) => ({ ...proofs, ...proof }), {}),
    tried: found.flatMap(({ tried }) => tried ?? []),
    missing: found.flatMap(({ missing }) => missing ?? []),
  };
}

/** One thing that an entry names: what it proves, and how messages call it; or why it is missing. */
interface Found {
  readonly proof?: Pick<Credentials, "privateKey" | "agentSocket">;
  readonly tried?: string;
  readonly missing?: string;
}

function keyOf(
  { privateKeyFile, passphraseEnv }: InventoryHost,
  environment: NodeJS.ProcessEnv,
): Found | undefined {
  if (privateKeyFile === undefined) return undefined;
  const privateKey = readPrivateKey(privateKeyFile, passphraseEnv, environment);
  if (typeof privateKey === "string") return { missing: privateKey };
  return { proof: { privateKey }, tried: `the key ${privateKey.fingerprint} of ${privateKeyFile}` };
}

function agentOf({ agent }: InventoryHost, environment: NodeJS.ProcessEnv): Found | undefined {
  if (agent === undefined) return undefined;
  const agentSocket = agent === true ? environment["SSH_AUTH_SOCK"] : agent;
  if (agentSocket === undefined || agentSocket === "")
    return { missing: "an agent is named, but SSH_AUTH_SOCK is not set; start ssh-agent" };
  if (!existsSync(agentSocket))
    return { missing: `the agent's socket ${agentSocket} does not exist; start ssh-agent` };
  return { proof: { agentSocket }, tried: `the keys and certificates of the agent at ${agentSocket}` };
}
