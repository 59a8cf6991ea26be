import type { HostKey } from "../keys/host-key.ts";

/** How one machine is reached, with defaults mixed in and paths made absolute; names where credentials live, holds none. */
export interface InventoryHost {
  readonly name: string;
  /** An IPv4 address, an IPv6 address or a DNS name. */
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** The keys of which the host must hold one; empty only for one that is trusted on first use. */
  readonly hostKeys: readonly HostKey[];
  /** The file in which those keys were found: the inventory, or a known_hosts file. */
  readonly hostKeyFile: string;
  /** Whether a host without known keys is believed, and its key written to `hostKeyFile`. */
  readonly trustOnFirstUse?: boolean;
  readonly inventoryFile: string;
  readonly privateKeyFile?: string;
  readonly passphraseEnv?: string;
  /** True for the agent at SSH_AUTH_SOCK, or the path of an agent's socket. */
  readonly agent?: string | true;
  readonly jumpHost?: string;
  readonly become: "sudo" | "none";
  readonly sudoPasswordEnv?: string;
  readonly connectTimeoutSeconds?: number;
  readonly connectAttempts?: number;
  readonly keepAliveSeconds?: number;
  readonly maxSessions?: number;
}

/** The machines that a file names. */
export interface Inventory {
  readonly file: string;
  readonly hosts: ReadonlyMap<string, InventoryHost>;
}
