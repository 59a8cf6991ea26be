import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import type { Life } from "./life.ts";

/** Something that a person may do with a secret, and the words in which it is refused. */
export interface Mistake {
  readonly title: string;
  readonly command: "preview" | "refresh";
  readonly env?: (life: Life) => NodeJS.ProcessEnv;
  /** Fields of node2 in the inventory. */
  readonly fields?: (life: Life) => Promise<Readonly<Record<string, unknown>>>;
  readonly says: RegExp;
}

const pasted = async ({ logins }: Life): Promise<string> => readFile(logins.keyFile, "utf8");
const folded = async (life: Life): Promise<string> => (await pasted(life)).trim().replaceAll("\n", " ");
const oneLine = async (life: Life): Promise<string> => (await pasted(life)).split("\n").at(-3) ?? "";

/** Each is refused without the secret's being shown. */
export const mistakes: readonly Mistake[] = [
  {
    title: "another password for sudo",
    command: "refresh",
    env: ({ logins }) => ({ TORO_SUDO: logins.passphrase }),
    says: /sudo refuses the password of keeper in the environment variable TORO_SUDO/,
  },
  {
    title: "another passphrase",
    command: "refresh",
    env: ({ logins }) => ({ TORO_PASSPHRASE: logins.env["TORO_SUDO"] }),
    says: /sealed cannot be opened with the passphrase in the environment variable TORO_PASSPHRASE/,
  },
  {
    title: "a password in the inventory",
    command: "preview",
    fields: async ({ logins }) => Promise.resolve({ password: logins.passphrase }),
    says: /hosts\.node2\.password is not a field of hosts\.node2/,
  },
  {
    title: "a password as the name of a variable, which has none",
    command: "refresh",
    fields: async ({ logins }) => Promise.resolve({ passphraseEnv: logins.passphrase }),
    says: /sealed is encrypted and .*passphraseEnv/,
  },
  {
    title: "a password behind the user's name",
    command: "preview",
    fields: async ({ logins }) => Promise.resolve({ user: `root:${logins.passphrase}` }),
    says: /hosts\.node2\.user: .*expected the name of a user/,
  },
  {
    title: "a private key as host key",
    command: "preview",
    fields: async (life) => ({ hostKey: await pasted(life) }),
    says: /hosts\.node2\.hostKey: .* is not a public host key/,
  },
  {
    title: "a line of a private key as host key",
    command: "preview",
    fields: async (life) => ({ hostKey: await oneLine(life) }),
    says: /hosts\.node2\.hostKey: .* is not a public host key/,
  },
  {
    title: "a private key in place of its file",
    command: "preview",
    fields: async (life) => ({ privateKeyFile: await pasted(life) }),
    says: /hosts\.node2\.privateKeyFile: .*expected the path of a private key file/,
  },
  {
    title: "a private key in place of its file, on one line",
    command: "preview",
    fields: async (life) => ({ privateKeyFile: await folded(life) }),
    says: /hosts\.node2\.privateKeyFile: .*expected the path of a private key file/,
  },
  {
    title: "a secret of the configuration as input",
    command: "preview",
    env: () => ({ TORO_MISUSE: "yes" }),
    says: /web-0: commandLine is a secret.*a file of a share/,
  },
];

/** How the mistake is made: the variables that say so. */
export async function making(life: Life, { env, fields }: Mistake): Promise<NodeJS.ProcessEnv> {
  if (fields === undefined) return env?.(life) ?? {};
  const inventory = parse(await readFile(life.logins.inventoryFile, "utf8")) as {
    hosts: Record<string, Record<string, unknown>>;
  };
  const node2 = inventory.hosts["node2"] ?? {};
  inventory.hosts["node2"] = { ...node2, ...(await fields(life)) };
  const file = join(life.workspace.folder, "keys", "mistaken-inventory.yaml");
  await writeFile(file, stringify(inventory), { mode: 0o600 });
  return { TOROCLOUD_INVENTORY: file };
}
