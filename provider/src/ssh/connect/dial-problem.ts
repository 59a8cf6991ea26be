import type { Credentials } from "../../keys/credentials.ts";
import type { InventoryHost } from "../../inventory/host.ts";

/** A dial failed; `again` tells whether one more try may help, as with a host that is just booting. */
export class DialFailed extends Error {
  override readonly name = "DialFailed";
  readonly again: boolean;
  constructor(problem: string, { again, cause }: { again: boolean; cause?: unknown }) {
    super(problem, { cause });
    this.again = again;
  }
}

interface Cause {
  readonly code?: string;
  readonly level?: string;
  readonly message: string;
}

type Rule = readonly [
  applies: (cause: Cause) => boolean,
  problem: (entry: InventoryHost) => string,
  again: boolean,
];

const where = ({ address, port }: InventoryHost): string => `${address} port ${port}`;

const socketRules: readonly Rule[] = [
  [
    ({ code }) => code === "ENOTFOUND",
    ({ address, inventoryFile }) =>
      `the name ${address} does not resolve; check the address in ${inventoryFile}, and DNS`,
    false,
  ],
  [
    ({ code }) => code === "EAI_AGAIN",
    ({ address }) => `the name ${address} does not resolve: DNS does not answer`,
    true,
  ],
  [
    ({ code }) => code === "ECONNREFUSED",
    (entry) => `${where(entry)} refuses connections; is sshd running there, and is the port right?`,
    true,
  ],
  [
    ({ code, level }) => code === "ETIMEDOUT" || level === "client-timeout",
    (entry) => `${where(entry)} does not answer in time; is the host up, and does a firewall let us through?`,
    true,
  ],
  [
    ({ code }) => code === "EHOSTUNREACH" || code === "ENETUNREACH",
    (entry) => `there is no route to ${where(entry)}; is the host up, and are we in the right network?`,
    true,
  ],
  [
    ({ code, message }) => code === "ECONNRESET" || message.includes("Connection lost before handshake"),
    (entry) =>
      `${where(entry)} closed the connection at once; is it sshd, and is it not overloaded (MaxStartups)?`,
    true,
  ],
  [
    ({ message }) => message.includes("no matching host key"),
    ({ hostKeys, hostKeyFile }) =>
      `the host offers no host key of the type that is pinned (${hostKeys.map(({ type }) => type).join(", ")}); ` +
      `put a key that it has into ${hostKeyFile}`,
    false,
  ],
];

/** The failure that an error of a socket or of ssh2 stands for, in words that say what to check. */
export function explainDial(entry: InventoryHost, error: unknown, credentials?: Credentials): DialFailed {
  const cause = error as Cause;
  if (error instanceof DialFailed) return error;
  if (cause.level === "client-authentication")
    return new DialFailed(refusedCredentials(entry, credentials), { again: false, cause: error });
  const rule = socketRules.find(([applies]) => applies(cause));
  if (rule !== undefined) return new DialFailed(rule[1](entry), { again: rule[2], cause: error });
  return new DialFailed(`the SSH handshake with ${where(entry)} failed: ${cause.message}`, {
    again: false,
    cause: error,
  });
}

function refusedCredentials({ user, address }: InventoryHost, credentials: Credentials | undefined): string {
  const tried = credentials?.tried.join(", and ") ?? "";
  const missing =
    credentials === undefined || credentials.missing.length === 0
      ? ""
      : ` (not tried: ${credentials.missing.join("; ")})`;
  return `sshd does not let ${user} in at ${address} with ${tried}${missing}; check the user, and that the key is in authorized_keys there`;
}
