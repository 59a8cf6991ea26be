import { z } from "zod";

function text(expected: string, pattern?: RegExp): z.ZodString {
  const plain = z.string({ error: expected }).min(1, { error: expected });
  return pattern === undefined ? plain : plain.regex(pattern, { error: expected });
}

function environmentName(holds: string): z.ZodString {
  return text(`the name of the environment variable that holds ${holds}, like NODE_SECRET`, /^[A-Za-z_]\w*$/);
}

const hostKeyExpected = `a public host key such as the host's /etc/ssh/ssh_host_ed25519_key.pub holds ("ssh-ed25519 AAAA..."), or a list of them`;
const hostKeyText = z.string({ error: hostKeyExpected });

const shared = {
  port: z
    .int({ error: "a port number from 1 to 65535" })
    .min(1, { error: "a port number from 1 to 65535" })
    .max(65535, { error: "a port number from 1 to 65535" }),
  user: text("the name of a user on the host", /^[A-Za-z_][A-Za-z0-9_.-]*\$?$/),
  knownHostsFile: text("the path of a known_hosts file"),
  privateKeyFile: text(
    "the path of a private key file (never the key itself)",
    /^(?!-----BEGIN|b3BlbnNzaC1r)[^\n]+$/,
  ),
  passphraseEnv: environmentName("the key file's passphrase (never the passphrase itself)"),
  agent: z.union([z.boolean(), z.string().min(1)], {
    error: "true (the agent at SSH_AUTH_SOCK), false, or the path of an agent's socket",
  }),
  jumpHost: text("the name of another host in this file"),
  become: z.enum(["sudo", "none"], { error: `"sudo" or "none"` }),
  sudoPasswordEnv: environmentName("the password for sudo (never the password itself)"),
};

/** What `defaults` may hold: every field of a host but the two that make it this host and no other. */
export const DefaultFields = z.strictObject(shared).partial();

/** What an entry under `hosts` may hold, before `defaults` are mixed in. */
export const HostFields = z.strictObject({
  ...DefaultFields.shape,
  address: text("an IPv4 address, an IPv6 address or a DNS name", /^[A-Za-z0-9:._%-]+$/),
  hostKey: z
    .union([hostKeyText, z.array(hostKeyText).min(1)], { error: hostKeyExpected })
    .transform((keys) => (typeof keys === "string" ? [keys] : keys))
    .optional(),
});

/** The outermost shape of an inventory file; hosts are looked at one by one, so that all problems are found. */
export const InventoryFields = z.strictObject({
  defaults: z.unknown().optional(),
  hosts: z.record(z.string(), z.unknown(), { error: "a map from host names to hosts" }),
});

export type HostFields = z.infer<typeof HostFields>;
export type DefaultFields = z.infer<typeof DefaultFields>;

/** What a host may be called: the rules of a DNS label in lower case. */
export const hostNamePattern = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** Whose values may appear in a message. */
export const presentableFields: ReadonlySet<string> = new Set([
  ...["address", "port", "user", "hostKey", "knownHostsFile", "privateKeyFile"],
  ...["agent", "jumpHost", "become"],
]);

/** How a message calls an environment variable: by its name when that looks like one, for a password may stand there by mistake. */
export function variableIn(field: "passphraseEnv" | "sudoPasswordEnv", name = ""): string {
  return /^[A-Z_][A-Z0-9_]*$/.test(name) ? name : `that ${field} names`;
}
