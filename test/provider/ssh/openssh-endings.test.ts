import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { Interrupted } from "../../../provider/src/host/host.ts";
import { prelude } from "../../../provider/src/host/prelude.ts";
import { Script, sh } from "../../../provider/src/host/script.ts";
import { ScriptAborted } from "../../../provider/src/transport/index.ts";
import { freePort, Grounds, isRunning, obstacle, rejection } from "./openssh.ts";

const reason = obstacle();

describe.skipIf(reason !== "")(`a script on a real sshd${reason && ` (skipped: ${reason})`}`, () => {
  const grounds = new Grounds();
  afterEach(async () => grounds.cleanUp());
  afterAll(() => {
    grounds.remove();
  });

  const start = async (fields: Record<string, unknown> = {}) => {
    const server = await grounds.sshd();
    const pool = grounds.pool({ node1: grounds.entry(server.port, fields) });
    return { server, pool, host: pool.host("node1") };
  };

  describe("at its time limit", () => {
    it.each([
      ["in a command", sh`sleep 96781`, ""],
      ["in a wait of ours", sh`wait_until 1000 ${"the moon"} false`, ""],
      ["in a subshell", sh`(sleep 96781; true); true`, ""],
      ["in a substitution", sh`x=$(sleep 96781); echo "$x"`, ""],
      ["in a pipe", sh`sleep 96781 | cat`, ""],
      ["in a background job", sh`sleep 96781 & wait`, ""],
      ["that reads", sh`mkfifo /tmp/fifo.$$; exec 9<>/tmp/fifo.$$; rm /tmp/fifo.$$; read x <&9`, ""],
    ])("%s says what it was at, and nothing of it stays", async (_, body) => {
      const { host } = await start();
      const script = Script.join([prelude, sh`step "making the mount"; say "two of three are up"`, body]);
      const error = await rejection(host.run(script, { timeoutSeconds: 2.5 }));
      expect(error).toBeInstanceOf(ScriptAborted);
      expect(error.message).toBe(
        "node1: the script did not end within 2.5 seconds and was ended while making the mount; its last words: two of three are up",
      );
      await vi.waitUntil(() => !isRunning("sleep 96781"), { timeout: 10_000 });
    });

    it("says what it was at where it has no trap for that, too", async () => {
      const { host } = await start();
      const script = sh`echo "= making the mount" >&2; sleep 96781`;
      await expect(host.run(script, { timeoutSeconds: 3 })).rejects.toThrow(
        "node1: the script did not end within 3 seconds and was ended while making the mount; it wrote nothing",
      );
    });

    it("that does not end when told to is ended by force", async () => {
      const { host } = await start();
      const script = sh`trap '' TERM; echo stubborn >&2; while :; do sleep 96782; done`;
      const error = await rejection(host.run(script, { timeoutSeconds: 3 }));
      expect(error.message).toBe(
        "node1: the script did not end within 3 seconds and was ended; its last words: stubborn",
      );
      await vi.waitUntil(() => !isRunning("sleep 96782"), { timeout: 10_000 });
    });

    it("is told apart from one that exits like that by itself", async () => {
      const { host } = await start();
      expect((await host.run(sh`exit 124`, { timeoutSeconds: 20 })).exitCode).toBe(124);
      expect((await host.run(sh`kill -9 $$`, { timeoutSeconds: 20 })).exitCode).toBe(137);
      expect((await host.run(sh`timeout 0.2 sleep 5`, { timeoutSeconds: 20 })).exitCode).toBe(124);
    });
  });

  describe("that is interrupted", () => {
    const within = async (work: Promise<unknown>): Promise<{ error: Error; ms: number }> => {
      const began = performance.now();
      const error = await rejection(work);
      return { error, ms: performance.now() - began };
    };

    it("ends on its host, with all that waits behind it and all that comes later", async () => {
      const { pool, host } = await start({ maxSessions: 2 });
      const script = Script.join([prelude, sh`step "making the mount"; sleep 96783 & sleep 96783`]);
      let steps = 0;
      const onProgress = (): number => (steps += 1);
      const running = [1, 2].map(async () => rejection(host.run(script, { onProgress })));
      await vi.waitUntil(() => steps === 2 && isRunning("sleep 96783"), { timeout: 20_000 });
      const waiting = [1, 2, 3].map(async () => rejection(host.run(sh`echo x`, { repeatable: true })));
      const began = performance.now();
      pool.interrupt("the update was cancelled");
      const errors = await Promise.all([...running, ...waiting, rejection(host.run(sh`echo later`))]);
      expect(performance.now() - began).toBeLessThan(2000);
      await vi.waitUntil(() => !isRunning("sleep 96783"), { timeout: 10_000 });
      for (const error of errors) expect(error).toBeInstanceOf(Interrupted);
      const reached = "node1: interrupted while making the mount: the update was cancelled";
      const waited = "node1: interrupted: the update was cancelled";
      expect(errors.map(({ message }) => message)).toEqual([
        reached,
        reached,
        waited,
        waited,
        waited,
        waited,
      ]);
    });

    it("does not wait for one that does not end when told to, which is ended by force", async () => {
      const { pool, host } = await start();
      const running = rejection(host.run(sh`trap '' TERM; while :; do sleep 96784; done`));
      await vi.waitUntil(() => isRunning("sleep 96784"), { timeout: 20_000 });
      const began = performance.now();
      pool.interrupt("enough");
      expect((await running).message).toBe("node1: interrupted: enough");
      expect(performance.now() - began).toBeLessThan(2000);
      await vi.waitUntil(() => !isRunning("sleep 96784"), { timeout: 15_000 });
    });

    it("while its host is dialled ends at once, and so does what goes over it as jump host", async () => {
      const silent = createServer().listen(0, "127.0.0.1");
      await once(silent, "listening");
      const { port } = silent.address() as AddressInfo;
      const pool = grounds.pool({
        node1: grounds.entry(port, { connectTimeoutSeconds: 600 }),
        node2: grounds.entry(22, { jumpHost: "node1" }),
      });
      const runs = ["node1", "node2"].map(async (name) => within(pool.host(name).run(sh`true`)));
      await vi.waitUntil(() => pool.statistics().get("node1")?.dials === 1);
      pool.interrupt("enough");
      const [one, two] = await Promise.all(runs);
      expect(one?.error.message).toBe("node1: interrupted: enough");
      expect(two?.error.message).toBe("node2: interrupted: enough");
      expect(one?.error).toBeInstanceOf(Interrupted);
      expect(one?.ms).toBeLessThan(10_000);
      await new Promise<void>((resolve) =>
        silent.close(() => {
          resolve();
        }),
      );
    });

    it("in the pause before another attempt ends at once", async () => {
      const pool = grounds.pool({ node1: grounds.entry(await freePort()) }, { dialWaitSeconds: 100 });
      const running = rejection(pool.host("node1").run(sh`true`));
      await vi.waitUntil(() => grounds.lines.some((line) => line.includes("trying again")));
      pool.interrupt("enough");
      expect(await running).toBeInstanceOf(Interrupted);
    });

    it("closes the connection when all is over", async () => {
      const { server, pool, host } = await start();
      await host.run(sh`true`);
      expect(server.serving()).toHaveLength(1);
      pool.interrupt("enough");
      await vi.waitUntil(() => server.serving().length === 0, { timeout: 10_000 });
    });
  });
});
