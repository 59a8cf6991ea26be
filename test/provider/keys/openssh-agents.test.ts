import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { sh } from "../ssh/programs.ts";
import { Grounds, obstacle, rejection } from "../ssh/openssh.ts";

const reason = obstacle();

describe.skipIf(reason !== "")(`logging in at a real sshd${reason && ` (skipped: ${reason})`}`, () => {
  const grounds = new Grounds();
  const caKey = join(grounds.folder, "ca_key");
  beforeAll(() => {
    grounds.key("ca_key");
  });
  afterEach(async () => grounds.cleanUp());
  afterAll(() => {
    grounds.remove();
  });

  /** An agent that holds these keys, each with the certificate that lies beside it. */
  async function agentWith(...keys: readonly string[]): Promise<string> {
    const socket = join(grounds.folder, "agent");
    rmSync(socket, { force: true });
    const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
    await vi.waitUntil(() => existsSync(socket), { timeout: 10_000 });
    grounds.afterwards(async () => {
      const exit = once(agent, "exit");
      agent.kill();
      await exit;
    });
    for (const key of keys)
      execFileSync("ssh-add", ["-q", join(grounds.folder, key)], {
        env: { ...process.env, SSH_AUTH_SOCK: socket },
      });
    return socket;
  }

  function certify(key: string, ...options: readonly string[]): void {
    const given = options.length === 0 ? ["-n", "root"] : options;
    execFileSync("ssh-keygen", [
      "-q",
      "-s",
      caKey,
      "-I",
      "test",
      ...given,
      join(grounds.folder, `${key}.pub`),
    ]);
  }

  const believing = [`TrustedUserCAKeys ${caKey}.pub`, "AuthorizedKeysFile none"];

  async function login(agent: string, ...settings: readonly string[]): Promise<string> {
    const { port } = await grounds.sshd(...settings);
    const pool = grounds.pool({ node1: grounds.entry(port, { privateKeyFile: undefined, agent }) });
    return (await pool.host("node1").run(sh`echo in`)).stdout;
  }

  it.each([
    ["ed25519", []],
    ["ecdsa", ["-b", "256"]],
    ["ecdsa", ["-b", "521"]],
    ["rsa", ["-b", "2048"]],
  ])("works with a certificate for a key of type %s %j that an agent holds", async (type, size) => {
    const name = `id_${type}${size.join("")}`;
    grounds.key(name, "-t", type, ...size);
    certify(name);
    expect(await login(await agentWith(name), ...believing)).toBe("in\n");
  });

  it("works with the plain keys of an agent beside certificates that do not help", async () => {
    grounds.key("other");
    certify("other", "-n", "somebody");
    const agent = await agentWith("other", "user_key");
    expect(await login(agent)).toBe("in\n");
  });

  it.each([
    ["another user", ["-n", "somebody"]],
    ["another time", ["-n", "root", "-V", "20200101:20200102"]],
    ["another address", ["-n", "root", "-O", "source-address=192.0.2.0/24"]],
  ])("does not work with a certificate for %s", async (what, options) => {
    const name = `id_${what.replaceAll(" ", "_")}`;
    grounds.key(name);
    certify(name, ...options);
    const agent = await agentWith(name);
    const error = await rejection(login(agent, ...believing));
    expect(error.message).toMatch(
      /^node1: sshd does not let root in at 127.0.0.1 with the keys and certificates of the agent at /,
    );
  });

  it("does not work with a certificate of an authority that is not believed", async () => {
    grounds.key("lonely");
    certify("lonely");
    await expect(login(await agentWith("lonely"), "AuthorizedKeysFile none")).rejects.toThrow(
      "does not let root in",
    );
  });

  it("works with an encrypted key, whose passphrase a variable holds", async () => {
    grounds.key("encrypted", "-N", "pass phrase");
    const { port } = await grounds.sshd(`AuthorizedKeysFile ${join(grounds.folder, "encrypted.pub")}`);
    const entry = grounds.entry(port, { privateKeyFile: "encrypted", passphraseEnv: "PASSPHRASE" });
    const run = async (environment: NodeJS.ProcessEnv) =>
      grounds
        .pool({ node1: entry }, { environment })
        .host("node1")
        .run(sh`echo in`);
    expect((await run({ PASSPHRASE: "pass phrase" })).stdout).toBe("in\n");
    expect((await rejection(run({ PASSPHRASE: "wrong" }))).message).toMatch(
      /cannot be opened with the passphrase in/,
    );
    expect((await rejection(run({}))).message).toMatch(
      /is encrypted and the environment variable PASSPHRASE .* is not set/,
    );
  });

  it("says when the agent is not there, or holds nothing that helps", async () => {
    const { port } = await grounds.sshd();
    const entry = (agent: string) => ({ node1: grounds.entry(port, { privateKeyFile: undefined, agent }) });
    const run = async (agent: string) =>
      rejection(
        grounds
          .pool(entry(agent))
          .host("node1")
          .run(sh`true`),
      );
    expect((await run("/nowhere/agent")).message).toMatch(
      /the agent's socket \/nowhere\/agent does not exist; start ssh-agent/,
    );
    expect((await run(await agentWith())).message).toMatch(
      /does not let root in .* agent at .*authorized_keys/,
    );
  });
});
