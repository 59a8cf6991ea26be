import type { InventoryHost } from "./inventory-host.ts";

/** The limits of a pool; each has a default that suits real hosts, and what a host's inventory entry says comes first. */
export interface PoolOptions {
  /** How long a connection that nobody uses stays open; 3 by default. */
  readonly idleSeconds?: number;
  /** How long connecting may take, and then the handshake; 10 by default. */
  readonly dialSeconds?: number;
  /** How often to dial a host that does not answer or is just booting; 3 by default. */
  readonly dialTries?: number;
  /** How long to wait before the second try, twice as long before each further one, at most 15; 1 by default. */
  readonly dialWaitSeconds?: number;
  /** For how long a host that could not be reached is not dialled again; 15 by default. */
  readonly unreachableSeconds?: number;
  /** How often to say what a dial waits for; 5 by default. */
  readonly noticeSeconds?: number;
  /** Told what a person should know: waits and retries of a dial, a host key that is trusted. Nobody is told by default. */
  readonly log?: (line: string) => void;
  /** How often to ask a silent server whether it is there, giving up after 3 questions; 10 by default. */
  readonly keepaliveSeconds?: number;
  /** How many scripts may run at once on a connection; 8 by default, as sshd allows 10 sessions. */
  readonly maxChannels?: number;
  /** How long a server may refuse every session before that is an error; 10 by default. */
  readonly refusalSeconds?: number;
  /** How long a script may take when its own options do not say; 600 by default. */
  readonly scriptSeconds?: number;
  /** How long after its limit a script may take to end, before the channel is closed without its last words; 10 by default. */
  readonly graceSeconds?: number;
  /** How much a script may write to its standard output; 64 MiB by default. */
  readonly maxOutputBytes?: number;
  /** How long output may be silent after a script's end while a process that it left behind holds it open; 5 by default. */
  readonly lingerSeconds?: number;
  /** Where SSH_AUTH_SOCK, passphrases, sudo's passwords and TOROCLOUD_TRACE are looked up; the process's own by default. */
  readonly environment?: NodeJS.ProcessEnv;
}

export type Limits = Required<PoolOptions>;

/** The options with defaults for what they leave out. */
export function limitsOf(options: PoolOptions): Limits {
  return {
    idleSeconds: 3,
    dialSeconds: 10,
    dialTries: 3,
    dialWaitSeconds: 1,
    unreachableSeconds: 15,
    noticeSeconds: 5,
    log: () => undefined,
    keepaliveSeconds: 10,
    maxChannels: 8,
    refusalSeconds: 10,
    scriptSeconds: 600,
    graceSeconds: 10,
    maxOutputBytes: 64 * 1024 * 1024,
    lingerSeconds: 5,
    environment: process.env,
    ...options,
  };
}

/** The limits for one host: its own where its entry has some. */
export function limitsFor(entry: InventoryHost, limits: Limits): Limits {
  return {
    ...limits,
    dialSeconds: entry.connectTimeoutSeconds ?? limits.dialSeconds,
    dialTries: entry.connectAttempts ?? limits.dialTries,
    keepaliveSeconds: entry.keepAliveSeconds ?? limits.keepaliveSeconds,
    maxChannels: entry.maxSessions ?? limits.maxChannels,
  };
}
