import { z } from "zod";

function text(expected: string, pattern?: RegExp): z.ZodString {
  const plain = z.string({ error: expected }).min(1, { error: expected });
  return pattern === undefined ? plain : plain.regex(pattern, { error: expected });
}

function environmentName(holds: string): z.ZodString {
  return text(`the name of the environment variable that holds ${holds}, like NODE_SECRET`, /^[A-Za-z_]\w*$/);
}

function whole(what: string, least: number, most: number): z.ZodInt {
  const error = `${what} from ${least} to ${most}`;
  return z.int({ error }).min(least, { error }).max(most, { error });
}

const hostKeyExpected = `a public host key such as the host's /etc/ssh/ssh_host_ed25519_key.pub holds ("ssh-ed25519 AAAA..."), or a list of them`;
const hostKeyText = z.string({ error: hostKeyExpected });

const shared = {
  port: whole("a port number", 1, 65535).describe("The port of sshd; 22 by default."),
  user: text("the name of a user on the host", /^[A-Za-z_][A-Za-z0-9_.-]*\$?$/).describe(
    "Who logs in; root by default.",
  ),
  knownHostsFile: text("the path of a known_hosts file").describe(
    "Where the host's key is found when `hostKey` does not pin it: plain and hashed names, patterns, ports and `@revoked` count.",
  ),
  trustOnFirstUse: z
    .boolean({ error: "true or false" })
    .describe(
      "Whether a host without a key in `knownHostsFile` is believed the first time, and its key written there; false by default.",
    ),
  privateKeyFile: text(
    "the path of a private key file (never the key itself)",
    /^(?!-----BEGIN|b3BlbnNzaC1r)[^\n]+$/,
  ).describe("The private key to log in with, in OpenSSH's or PEM form."),
  passphraseEnv: environmentName("the key file's passphrase (never the passphrase itself)").describe(
    "The name of the environment variable with the passphrase of an encrypted key.",
  ),
  agent: z
    .union([z.boolean(), z.string().min(1)], {
      error: "true (the agent at SSH_AUTH_SOCK), false, or the path of an agent's socket",
    })
    .describe("An agent whose keys are tried: true for the one at SSH_AUTH_SOCK, or the path of its socket."),
  jumpHost: text("the name of another host in this file").describe(
    "Another host of this file, over which this one is reached; it may have a jump host itself.",
  ),
  become: z
    .enum(["sudo", "none"], { error: `"sudo" or "none"` })
    .describe(
      "How the user becomes root: `sudo`, or `none` which is for root itself; follows from `user` by default.",
    ),
  sudoPasswordEnv: environmentName("the password for sudo (never the password itself)").describe(
    "The name of the environment variable with the password that sudo asks for; without it, sudo must not ask.",
  ),
  connectTimeoutSeconds: whole("a number of seconds", 1, 600).describe(
    "How long connecting may take, and then the handshake; 10 by default.",
  ),
  connectAttempts: whole("a number of attempts", 1, 100).describe(
    "How often a host is dialled that does not answer or is just booting; 3 by default, with pauses of 1, 2, 4 and up to 15 seconds.",
  ),
  keepAliveSeconds: whole("a number of seconds", 1, 3600).describe(
    "How often a host and we tell each other that we are there; 3 times without a word end the connection; 10 by default.",
  ),
  maxSessions: whole("a number of sessions", 1, 100).describe(
    "How many requests are under way side by side on the host, all in one session of sshd; 32 by default.",
  ),
};

/** What `defaults` may hold: every field of a host but the two that make it this host and no other. */
export const DefaultFields = z.strictObject(shared, { error: "a map of what all hosts have" }).partial();

/** What an entry under `hosts` may hold, before `defaults` are mixed in. */
export const HostFields = z.strictObject(
  {
    address: text("an IPv4 address, an IPv6 address or a DNS name", /^[A-Za-z0-9:._%-]+$/).describe(
      "Where the machine is: an IPv4 address, an IPv6 address or a DNS name. A new one replaces nothing.",
    ),
    hostKey: z
      .union([hostKeyText, z.array(hostKeyText).min(1)], { error: hostKeyExpected })
      .describe(
        "The host's public key as in its /etc/ssh/ssh_host_ed25519_key.pub, or a list of keys of which it has one.",
      )
      .transform((keys) => (typeof keys === "string" ? [keys] : keys))
      .optional(),
    ...DefaultFields.shape,
  },
  { error: "a map with address and hostKey" },
);

const editorSchema = z
  .string({ error: "the address of a JSON schema" })
  .optional()
  .describe("The JSON schema of this file, for editors.");

/** The outermost shape of an inventory file; hosts are looked at one by one, so that all problems are found. */
export const InventoryFields = z.strictObject(
  {
    $schema: editorSchema,
    defaults: z.unknown().optional(),
    hosts: z.record(z.string(), z.unknown(), { error: "a map from host names to hosts" }),
  },
  { error: "a map with hosts, and defaults where there are some" },
);

export type HostFields = z.infer<typeof HostFields>;
export type DefaultFields = z.infer<typeof DefaultFields>;

/** What a host may be called: the rules of a DNS label in lower case. */
export const hostNamePattern = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

const secretNames: readonly string[] = ["passphraseEnv", "sudoPasswordEnv"];

/** Every field of a host. */
export const hostFields: readonly string[] = Object.keys(HostFields.shape);

/** Whose values may appear in a message. */
export const presentableFields: ReadonlySet<string> = new Set(
  hostFields.filter((field) => !secretNames.includes(field)),
);

/** The JSON schema of an inventory file (draft 2020-12): everything that can be told without looking at other files. */
export function inventorySchema(): Record<string, unknown> {
  const inventory = z.strictObject({
    $schema: editorSchema,
    defaults: DefaultFields.optional().describe("What counts for every host that does not say otherwise."),
    hosts: z
      .record(z.string().regex(hostNamePattern), HostFields)
      .describe("The machines, by the names that a program uses for them."),
  });
  const schema = z.toJSONSchema(inventory, { io: "input" });
  return { ...schema, title: "An inventory: the machines of a torocloud cloud" };
}

/** How a message calls an environment variable: by its name when that looks like one, for a password may stand there by mistake. */
export function variableIn(field: "passphraseEnv" | "sudoPasswordEnv", name = ""): string {
  return /^[A-Z_][A-Z0-9_]*$/.test(name) ? name : `that ${field} names`;
}
