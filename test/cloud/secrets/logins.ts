import { spawn, execFile, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, rm, writeFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import ssh2 from "ssh2";
import { vi } from "vitest";
import { parse, stringify } from "yaml";
import { onHost } from "../support/hosts.ts";
import type { Workspace } from "../support/workspace.ts";
import type { Secret } from "./needles.ts";

/** Everything with which the hosts are logged in to, each a secret. */
export interface Logins {
  readonly inventoryFile: string;
  /** What the provider's process finds in its environment. */
  readonly env: NodeJS.ProcessEnv;
  readonly secrets: readonly Secret[];
  /** The encrypted key's file, which holds what it holds. */
  readonly keyFile: string;
  readonly passphrase: string;
  end(): Promise<void>;
}

/** Letters and digits that are nowhere else. */
export function newMark(label: string): string {
  return `${label}${randomBytes(12).toString("hex")}`;
}

const user = "keeper";

/**
 * node1 and node2 are entered as root, with a key that only an agent has and with one whose passphrase is in the environment; node3
 * and host1 as a user whose password sudo wants, node3 through node2.
 */
export async function makeLogins(workspace: Workspace): Promise<Logins> {
  const folder = join(workspace.folder, "keys");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const passphrase = newMark("passphrase");
  const password = newMark("password");
  const sealed = ssh2.utils.generateKeyPairSync("ed25519", { passphrase, cipher: "aes256-cbc", rounds: 4 });
  const held = ssh2.utils.generateKeyPairSync("ed25519");
  const keyFile = join(folder, "sealed");
  await writeFile(keyFile, sealed.private, { mode: 0o600 });
  const agent = await startAgent(folder, held.private);
  const publics = `${sealed.public}\n${held.public}\n`;
  for (const host of ["node1", "node2"]) await allow(workspace, { host, publics, password: undefined });
  for (const host of ["node3", "host1"]) await allow(workspace, { host, publics, password });
  return {
    inventoryFile: await writeInventory(workspace, { keyFile, agent: agent.socket }),
    env: { TORO_PASSPHRASE: passphrase, TORO_SUDO: password },
    secrets: [
      { name: "the passphrase", values: [Buffer.from(passphrase)] },
      { name: "sudo's password", values: [Buffer.from(password)] },
      { name: "the encrypted key", values: [...bodyOf(sealed.private), seedOf(sealed.private, passphrase)] },
      { name: "the agent's key", values: [...bodyOf(held.private).slice(-1), seedOf(held.private)] },
    ],
    keyFile,
    passphrase,
    end: async () => {
      agent.child.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function startAgent(
  folder: string,
  privateKey: string,
): Promise<{ socket: string; child: ChildProcess }> {
  const socket = join(folder, "agent.sock");
  const child = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
  process.once("exit", () => child.kill());
  await vi.waitFor(() => {
    if (!existsSync(socket)) throw new Error("ssh-agent has no socket yet");
  });
  const file = join(folder, "held");
  await writeFile(file, privateKey, { mode: 0o600 });
  await promisify(execFile)("ssh-add", ["-q", file], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
  await rm(file);
  return { socket, child };
}

interface Entrance {
  readonly host: string;
  readonly publics: string;
  /** What sudo asks for; root itself is let in without one. */
  readonly password: string | undefined;
}

async function allow(workspace: Workspace, { host, publics, password }: Entrance): Promise<void> {
  const home = password === undefined ? "/root" : `/home/${user}`;
  const account = `apt-get -qy install --no-install-recommends sudo >/dev/null 2>&1
id ${user} >/dev/null 2>&1 || useradd --create-home --groups sudo --shell /bin/bash ${user}
chpasswd <<'END'
${user}:${password ?? ""}
END
`;
  await onHost(
    workspace,
    host,
    `${password === undefined ? "" : account}mkdir -p ${home}/.ssh
cat >>${home}/.ssh/authorized_keys <<'END'
${publics}END
${password === undefined ? "" : `chown -R ${user}: ${home}/.ssh`}`,
  );
}

async function writeInventory(
  workspace: Workspace,
  { keyFile, agent }: { keyFile: string; agent: string },
): Promise<string> {
  const text = await readFile(workspace.inventoryFile, "utf8");
  const { hosts } = parse(text) as { hosts: Record<string, { address: string; hostKey: string }> };
  const sealed = { privateKeyFile: keyFile, passphraseEnv: "TORO_PASSPHRASE" };
  const sudo = { user, sudoPasswordEnv: "TORO_SUDO" };
  const ways: Readonly<Record<string, object>> = {
    node1: { agent },
    node2: sealed,
    node3: { ...sealed, ...sudo, jumpHost: "node2" },
    host1: { agent, ...sudo },
  };
  const entries = Object.entries(ways).map(([name, way]) => {
    const { address = "", hostKey = "" } = hosts[name] ?? {};
    return [name, { address, hostKey, ...way }];
  });
  const file = join(workspace.folder, "secret-inventory.yaml");
  await writeFile(file, stringify({ hosts: Object.fromEntries(entries) as object }, { lineWidth: 0 }));
  return file;
}

/** The lines of a key file that are long enough to be its own; its first says only what kind it is. */
function bodyOf(privateKey: string): Buffer[] {
  const lines = privateKey.split("\n").filter((line) => line.length >= 32 && !line.startsWith("-----"));
  return lines.slice(-2).map((line) => Buffer.from(line));
}

/** The 32 bytes that an ed25519 key is made from. */
function seedOf(privateKey: string, passphrase?: string): Buffer {
  const key = ssh2.utils.parseKey(privateKey, passphrase);
  if (key instanceof Error) throw key;
  const pem = key.getPrivatePEM().replaceAll(/-----.*-----|\n/g, "");
  return Buffer.from(pem, "base64").subarray(-32);
}
