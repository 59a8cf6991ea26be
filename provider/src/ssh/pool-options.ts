import type { InventoryHost } from "../inventory/host.ts";
import { type HostProgram, hostProgram } from "../host-program/bundle.ts";

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
  /** For how long a host that could not be reached is not tried again; 15 by default. */
  readonly unreachableSeconds?: number;
  /** How often to say what is waited for; 5 by default. */
  readonly noticeSeconds?: number;
  /** Told what a person should know: waits and retries of a dial, a host key that is trusted. Nobody is told by default. */
  readonly log?: (line: string) => void;
  /** How often a host and we tell each other that we are there; after 3 of these without a word it is lost; 10 by default. */
  readonly keepaliveSeconds?: number;
  /** How many requests may be under way at once on a host, the others wait; 32 by default, which is what it does at once. */
  readonly maxRequests?: number;
  /** How long a server may refuse every session before that is an error; 10 by default. */
  readonly refusalSeconds?: number;
  /** How long the host program may take to begin, with login shell and sudo; 60 by default. */
  readonly startSeconds?: number;
  /** How long installing Python may take on a host that has none; 900 by default. */
  readonly installSeconds?: number;
  /** How long a request may take when its own options do not say; 600 by default. */
  readonly requestSeconds?: number;
  /** How long after its limit a host may take to say so, before we do not wait any longer; 10 by default. */
  readonly graceSeconds?: number;
  /** How much one answer may be; 64 MiB by default. */
  readonly maxAnswerBytes?: number;
  /** How long output may be silent after a command's end while a process that it left behind holds it open; 5 by default. */
  readonly lingerSeconds?: number;
  /** Where SSH_AUTH_SOCK, passphrases, sudo's passwords and TOROCLOUD_TRACE are looked up; the process's own by default. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Whether a machine may have one name only, as it must; tests have many names for the machine that they run on. */
  readonly machines?: "distinct" | "any";
  /** What is sent to hosts; torocloud's own by default. */
  readonly program?: () => HostProgram;
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
    maxRequests: 32,
    refusalSeconds: 10,
    startSeconds: 60,
    installSeconds: 900,
    requestSeconds: 600,
    graceSeconds: 10,
    maxAnswerBytes: 64 * 1024 * 1024,
    lingerSeconds: 5,
    environment: process.env,
    machines: "distinct",
    program: hostProgram,
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
    maxRequests: entry.maxSessions ?? limits.maxRequests,
  };
}
