import { execFileSync, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { sh, testProgram, TestPool } from "./programs.ts";
import { parseInventory } from "../../../provider/src/inventory/index.ts";
import { Grounds, isRunning, obstacle, type OpenSsh } from "./openssh.ts";

const reason = obstacle();

describe.skipIf(reason !== "")(`with a real OpenSSH server${reason && ` (skipped: ${reason})`}`, () => {
  const grounds = new Grounds();
  afterEach(async () => grounds.cleanUp());
  afterAll(() => {
    grounds.remove();
  });

  async function start(
    ...settings: string[]
  ): Promise<{ server: OpenSsh; pool: TestPool; alive: (mark: string) => boolean }> {
    const server = await grounds.sshd(...settings);
    const node1 = grounds.entry(server.port);
    const pool = grounds.pool({ node1, node2: { ...node1, jumpHost: "node1" } });
    return { server, pool, alive: (mark) => isRunning(`sleep ${mark}`) };
  }

  it("runs scripts with their outputs, standard input and exit codes, also over itself as jump host", async () => {
    const { pool } = await start();
    for (const name of ["node1", "node2"]) {
      const result = await pool.host(name).run(sh`cat; echo ${"ü'\n"} >&2; exit 5`, { stdin: "\0\n" });
      expect(result).toEqual({ exitCode: 5, stdout: "\0\n", stderr: "ü'\n\n" });
    }
    expect((await pool.host("node1").run(sh`kill -9 $$`)).exitCode).toBe(137);
  }, 20_000);

  it("logs in with the keys of an agent", async () => {
    const { server, pool } = await start();
    const socket = join(grounds.folder, "agent");
    const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
    await vi.waitUntil(() => existsSync(socket), { timeout: 5000 });
    const environment = { ...process.env, SSH_AUTH_SOCK: socket };
    execFileSync("ssh-add", ["-q", join(grounds.folder, "user_key")], { env: environment });
    const hostKey = readFileSync(join(grounds.folder, "host_key.pub"), "utf8").trim();
    const text = JSON.stringify({
      hosts: { a: { address: "127.0.0.1", port: server.port, hostKey, agent: true } },
    });
    const inventory = parseInventory("inventory", text);
    const other = new TestPool(() => inventory, { environment, program: testProgram });
    expect((await other.host("a").run(sh`echo in`)).stdout).toBe("in\n");
    await Promise.all([other.close(), pool.close()]);
    agent.kill();
    await once(agent, "exit");
  }, 20_000);

  it("carries 50 MB there and 20 MB back unchanged", async () => {
    const { pool } = await start();
    const block = randomBytes(1024 * 1024);
    const digest = createHash("sha256");
    for (let index = 0; index < 50; index++) digest.update(block);
    const stdin = Readable.from(Array.from({ length: 50 }, () => block));
    const host = pool.host("node1");
    expect((await host.run(sh`sha256sum`, { stdin })).stdout.slice(0, 64)).toBe(digest.digest("hex"));
    const { stdout } = await host.run(sh`seq 2600000`);
    expect(stdout).toMatch(/^1\n2\n[^]*\n2600000\n$/);
    expect((await host.run(sh`true`, { stdin: Buffer.alloc(20_000_000) })).exitCode).toBe(0);
  }, 60_000);

  it.each([1, 10])(
    "runs 40 scripts at once with MaxSessions %i",
    async (maxSessions) => {
      const { pool } = await start(`MaxSessions ${maxSessions}`);
      const numbers = Array.from({ length: 40 }, (_, index) => index);
      const outputs = await Promise.all(
        numbers.map(async (index) => (await pool.host("node1").run(sh`echo ${index}`)).stdout),
      );
      expect(outputs).toEqual(numbers.map((index) => `${index}\n`));
      expect(pool.statistics().get("node1")).toEqual({ dials: 1, requests: 40 });
    },
    60_000,
  );

  it("leaves nothing of the script behind after a time limit, and then still has its one session", async () => {
    const { pool, alive } = await start("MaxSessions 1");
    const running = pool.host("node1").run(sh`sleep 98765 & sleep 98765`, { timeoutSeconds: 2 });
    running.catch(() => undefined);
    await vi.waitUntil(() => alive("98765"), { timeout: 5000 });
    await expect(running).rejects.toThrow("did not end within 2 s");
    expect((await pool.host("node1").run(sh`echo next`)).stdout).toBe("next\n");
    await vi.waitUntil(() => !alive("98765"), { timeout: 5000 });
  }, 30_000);

  it("leaves nothing of the script behind after the connection has gone, and can run again", async () => {
    const { pool, server, alive } = await start();
    const running = pool.host("node1").run(sh`sleep 98766`);
    running.catch(() => undefined);
    await vi.waitUntil(() => alive("98766"), { timeout: 5000 });
    server.cut();
    await expect(running).rejects.toThrow("what was under way may or may not have finished");
    await vi.waitUntil(() => !alive("98766"), { timeout: 5000 });
    expect((await pool.host("node1").run(sh`echo again`)).stdout).toBe("again\n");
  }, 30_000);

  it("says why a forced command or forbidden forwarding stops it", async () => {
    const forced = await start("ForceCommand echo only this");
    await expect(forced.pool.host("node1").run(sh`true`)).rejects.toThrow(/not started .*only this/);
    const closed = await start("AllowTcpForwarding no");
    await expect(closed.pool.host("node2").run(sh`true`)).rejects.toThrow(
      /jump host node1 .*AllowTcpForwarding/,
    );
  }, 20_000);
});
