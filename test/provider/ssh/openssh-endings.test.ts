import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { Interrupted, type Progress, StepFailed } from "../../../provider/src/host-program/host.ts";
import { sh } from "./programs.ts";
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
      ["in a command", sh`sleep 96781`],
      ["in a subshell", sh`(sleep 96781; true); true`],
      ["in a substitution", sh`x=$(sleep 96781); echo "$x"`],
      ["in a pipe", sh`sleep 96781 | cat`],
      ["in a background job", sh`sleep 96781 & wait`],
      ["that reads", sh`mkfifo /tmp/fifo.$$; exec 9<>/tmp/fifo.$$; rm /tmp/fifo.$$; read x <&9`],
    ])("%s says so, and nothing of it stays", async (_, body) => {
      const { host } = await start();
      const error = await rejection(host.run(body, { timeoutSeconds: 2.5 }));
      expect(error).toBeInstanceOf(StepFailed);
      expect(error.message).toBe("node1: it did not end within 2.5 s and was ended");
      await vi.waitUntil(() => !isRunning("sleep 96781"), { timeout: 10_000 });
    });

    it("that does not end when told to is ended by force", async () => {
      const { host } = await start();
      const script = sh`trap '' TERM; echo stubborn >&2; while :; do sleep 96782; done`;
      const error = await rejection(host.run(script, { timeoutSeconds: 3 }));
      expect(error.message).toBe("node1: it did not end within 3 s and was ended");
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
      const script = sh`echo up >&2; sleep 96783 & sleep 96783`;
      let steps = 0;
      const onProgress = (progress: Progress): void => {
        if ("line" in progress) steps += 1;
      };
      const running = [1, 2].map(async () => rejection(host.run(script, { onProgress })));
      await vi.waitUntil(() => steps === 2 && isRunning("sleep 96783"), { timeout: 20_000 });
      const waiting = [1, 2, 3].map(async () => rejection(host.run(sh`echo x`, { repeatable: true })));
      const began = performance.now();
      pool.interrupt("the update was cancelled");
      const errors = await Promise.all([...running, ...waiting, rejection(host.run(sh`echo later`))]);
      expect(performance.now() - began).toBeLessThan(2000);
      await vi.waitUntil(() => !isRunning("sleep 96783"), { timeout: 10_000 });
      for (const error of errors) expect(error).toBeInstanceOf(Interrupted);
      const waited = "node1: interrupted: the update was cancelled";
      expect(errors.map(({ message }) => message)).toEqual([waited, waited, waited, waited, waited, waited]);
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
