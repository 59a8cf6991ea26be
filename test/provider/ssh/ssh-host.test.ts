import { createHash } from "node:crypto";
import { createReadStream, existsSync, readFileSync } from "node:fs";
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";
import fc from "fast-check";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { HostUnreachable, type Progress, StepFailed } from "../../../provider/src/host-program/host.ts";
import { fakeProgram, sh, testProgram } from "./programs.ts";
import { isRunning } from "./openssh.ts";
import { type Behaviour, Bench, entryOf, type TestServer } from "./ssh-server.ts";

const bench = new Bench();
afterEach(async () => bench.cleanUp());
afterAll(() => {
  bench.remove();
});

async function hostWith(behaviour: Behaviour = {}, options = {}) {
  const server: TestServer = await bench.server(behaviour);
  const pool = bench.pool({ node1: entryOf(server) }, options);
  return { server, pool, host: pool.host("node1") };
}

const failure = async (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => expect.fail("it should have been rejected"),
    (error: unknown) => error as Error,
  );

describe("a script", () => {
  it("gives its outputs and its exit code", async () => {
    const { host } = await hostWith();
    const result = await host.run(sh`printf out; printf err >&2; exit 7`);
    expect(result).toEqual({ exitCode: 7, stdout: "out", stderr: "err" });
  });

  it("leaves nothing of itself in the command line, which is always the same", async () => {
    const { host, server } = await hostWith();
    await host.run(sh`: ${"secret"}`);
    await host.run(sh`: ${"another"}`, { stdin: "hidden" });
    expect(new Set(server.commands).size).toBe(1);
    expect(server.commands.join()).not.toMatch(/secret|another|hidden/);
    expect(server.commands[0]).not.toMatch(/\n|\\/);
  });

  it("keeps its trailing newlines, its bytes and a here-document that nobody ends", async () => {
    const { host } = await hostWith();
    const text = "grüße 🚀 \u0301";
    const { stdout } = await host.run(`printf %s '${text}' | wc -c; cat <<EOF\n${text}\n\n`);
    expect(stdout).toBe(`${Buffer.byteLength(text)}\n${text}\n\n`);
  });

  it("runs in a normalised environment without parameters of ours", async () => {
    const { host } = await hostWith();
    const { stdout } = await host.run(sh`umask; echo $LC_ALL $PATH $#`);
    expect(stdout).toBe("0022\nC.UTF-8 /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin 0\n");
  });

  it("finds an empty standard input, a text, bytes or a stream there", async () => {
    const { host } = await hostWith();
    const bytes = Buffer.from([0, 255, 10, 0, 13, 128]);
    const sum = async (stdin?: string | Uint8Array | Readable) =>
      (await host.run(sh`sha256sum`, stdin === undefined ? {} : { stdin })).stdout.slice(0, 64);
    const digest = (data: string | Uint8Array) => createHash("sha256").update(data).digest("hex");
    expect(await sum()).toBe(digest(""));
    expect(await sum("täxt")).toBe(digest("täxt"));
    expect(await sum(bytes)).toBe(digest(bytes));
    expect(await sum(Readable.from([bytes, "end"]))).toBe(digest(Buffer.concat([bytes, Buffer.from("end")])));
  });

  it("reads 50 MB of a stream unchanged", async () => {
    const { host } = await hostWith();
    const digest = createHash("sha256");
    const block = Buffer.alloc(256 * 1024);
    const blocks = function* () {
      for (let index = 0; index < 200; index++) {
        block.fill(index % 251);
        digest.update(block);
        yield Buffer.from(block);
      }
    };
    const { stdout } = await host.run(sh`sha256sum; `, { stdin: Readable.from(blocks()) });
    expect(stdout.slice(0, 64)).toBe(digest.digest("hex"));
  }, 60_000);

  it("may end without reading what it is sent", async () => {
    const { host } = await hostWith();
    const endless = Readable.from(
      (async function* () {
        for (;;) yield Buffer.alloc(65536);
      })(),
    );
    expect((await host.run(sh`exit 4`, { stdin: endless, pieces: 1 })).exitCode).toBe(4);
    await vi.waitUntil(() => endless.destroyed);
    expect((await host.run(sh`exit 5`, { stdin: Buffer.alloc(8_000_000), pieces: 1 })).exitCode).toBe(5);
  });

  it("is ended when what feeds it fails", async () => {
    const { host } = await hostWith();
    const broken = new Readable({
      read() {
        this.destroy(new Error("disk on fire"));
      },
    });
    const error = await failure(host.run(sh`cat`, { stdin: broken }));
    expect(error).toBeInstanceOf(StepFailed);
    expect(error.message).toBe("node1: what is sent could not be read here: disk on fire");
  });

  it("is ended when what feeds it failed before it was even dialled", async () => {
    const { host } = await hostWith();
    const stdin = createReadStream("/nowhere/file");
    await once(stdin, "error");
    await expect(host.run(sh`cat`, { stdin })).rejects.toThrow(
      "node1: what is sent could not be read here: ENOENT",
    );
  });

  it("that a signal ends has 128 and its number as exit code", async () => {
    const { host } = await hostWith();
    expect((await host.run(sh`kill -9 $$`)).exitCode).toBe(137);
    expect((await host.run(sh`sh -c 'kill -TERM $$'`)).exitCode).toBe(143);
  });

  it("tells its progress line by line, with characters that come in pieces", async () => {
    const { host } = await hostWith();
    const lines: string[] = [];
    await host.run(sh`printf 'one\n\303' >&2; sleep 0.1; printf '\244\r\nlast\n' >&2`, {
      onProgress: (progress) => "line" in progress && lines.push(progress.line),
    });
    expect(lines).toEqual(["one", "ä", "last"]);
  });

  it("is ended when onProgress throws", async () => {
    const { host } = await hostWith();
    const onProgress = () => {
      throw new Error("no more");
    };
    await expect(host.run(sh`echo x >&2; sleep 60`, { onProgress })).rejects.toThrow("no more");
  });

  it("may be large", async () => {
    const { host } = await hostWith();
    const { stdout } = await host.run(`${sh`: ${"x".repeat(1000)}`}; wc -c`, {
      stdin: "x".repeat(1_000_000),
    });
    expect(stdout).toBe("1000000\n");
  });

  it("does not wait for a process that it leaves behind with its output", async () => {
    const { host } = await hostWith({}, { lingerSeconds: 0.2 });
    const { stdout } = await host.run(sh`sleep 5 & echo started`);
    expect(stdout).toBe("started\n");
  });
});

describe("output", () => {
  it("keeps nothing of a login shell's greeting", async () => {
    const { host } = await hostWith({ greeting: "Welcome!\nYou have mail. no newline at the end" });
    const lines: string[] = [];
    const result = await host.run(sh`echo out; echo err >&2`, {
      onProgress: (progress) => "line" in progress && lines.push(progress.line),
    });
    expect({ ...result, lines }).toEqual({ exitCode: 0, stdout: "out\n", stderr: "err\n", lines: ["err"] });
  });

  it("above the limit ends the script", async () => {
    const { host } = await hostWith({}, { maxAnswerBytes: 100_000 });
    const error = await failure(host.run(sh`yes 96788`));
    expect(error.message).toMatch(/^node1: a command wrote more than 64 MiB/);
    await vi.waitUntil(() => !isRunning("yes 96788"));
    const long = await failure(host.run(sh`head -c 200000 /dev/zero | tr '\\0' x`));
    expect(long.message).toBe("node1: an answer has more than 100000 bytes");
  });

  it("on standard error is kept from its end", async () => {
    const { host } = await hostWith();
    const { stderr } = await host.run(sh`seq 200000 >&2`);
    expect(stderr.length).toBeLessThanOrEqual(256 * 1024);
    expect(stderr).toMatch(/\n199999\n200000\n$/);
  });

  it("instead of the program is shown", async () => {
    const path = join(bench.folder, "path-locked");
    const { host } = await hostWith({
      path: fakeCommand(path, "python3", `echo "Account locked" >&2; exit 1`),
    });
    const error = await failure(host.run(sh`true`));
    expect(error).toBeInstanceOf(HostUnreachable);
    expect(error.message).toMatch(/^node1: the host program was not started .*Account locked/);
  });
});

function fakeCommand(folder: string, name: string, body: string): string {
  bench.makeCommand(folder, name, body);
  return folder;
}

describe("time limits", () => {
  it("end a script, and say where and after how long", async () => {
    const { host } = await hostWith();
    const error = await failure(host.run(sh`sleep 96787`, { timeoutSeconds: 0.5 }));
    expect(error).toBeInstanceOf(StepFailed);
    expect(error.message).toBe("node1: it did not end within 0.5 s and was ended");
    await vi.waitUntil(() => !isRunning("sleep 96787"));
  });

  it("do not depend on the host, where what should end it does not", async () => {
    const program = fakeProgram("hello()\nfor order in orders: pass");
    const { host } = await hostWith({}, { graceSeconds: 0.3, program });
    const error = await failure(host.run(sh`sleep 60`, { timeoutSeconds: 0.5 }));
    expect(error.message).toBe("node1: the request did not end within 0.5 seconds");
  });

  it("count for a login shell that never starts the script, too", async () => {
    const path = fakeCommand(join(bench.folder, "path-stuck"), "python3", `sleep 60`);
    const { host } = await hostWith({ path }, { startSeconds: 0.5 });
    const error = await failure(host.run(sh`true`));
    expect(error.message).toBe("node1: the host program did not start within 0.5 seconds");
  });
});

describe("a dropped connection", () => {
  // All that is sent before the first request, and some of that.
  const whileRunning = testProgram().bytes.length + 120;

  it("repeats a script that may be repeated", async () => {
    const { host, pool } = await hostWith({ dropAfterBytes: [whileRunning, whileRunning] });
    const { stdout } = await host.run(sh`cat`, { repeatable: true, stdin: "again" });
    expect(stdout).toBe("again");
    expect(pool.statistics().get("node1")).toEqual({ dials: 3, requests: 1 });
  });

  it("gives up after two repeats", async () => {
    const { host, pool } = await hostWith({ dropAfterBytes: [1, whileRunning, 1] });
    const error = await failure(host.run(sh`true`, { repeatable: true }));
    expect(error).toBeInstanceOf(HostUnreachable);
    expect(pool.statistics().get("node1")).toEqual({ dials: 3, requests: 0 });
  });

  it("does not repeat any other script", async () => {
    const { host, pool } = await hostWith({ dropAfterBytes: [whileRunning, whileRunning] });
    const message =
      "node1: the connection was lost while running; what was under way may or may not have finished; run again";
    expect((await failure(host.run(sh`true`))).message).toBe(message);
    expect(pool.statistics().get("node1")?.dials).toBe(1);
  });

  it("before the script was sent repeats even what reads a stream", async () => {
    const { host } = await hostWith({ dropBeforeExec: 1 });
    expect((await host.run(sh`cat`, { stdin: Readable.from(["once"]) })).stdout).toBe("once");
  });

  it("that nobody notices is found out by asking the server", async () => {
    const server = await bench.server();
    const proxy = createServer((from) => {
      const to = connect(server.port, "127.0.0.1");
      from.pipe(to).pipe(from);
      for (const socket of [from, to]) socket.on("error", () => undefined);
      stall = () => {
        from.unpipe(to).pause();
        to.unpipe(from).pause();
      };
    }).listen(0, "127.0.0.1");
    let stall = (): void => undefined;
    await once(proxy, "listening");
    const { port } = proxy.address() as AddressInfo;
    const pool = bench.pool({ node1: { ...entryOf(server), port } }, { keepaliveSeconds: 0.1 });
    const onProgress = (progress: Progress): void => {
      if ("line" in progress) stall();
    };
    const error = await failure(pool.host("node1").run(sh`echo started >&2; sleep 30`, { onProgress }));
    expect(error.message).toContain("node1: the connection was lost while running");
    proxy.close();
  });

  it("does not run a script of which only a part arrived", async () => {
    const { host } = await hostWith({ dropAfterBytes: [whileRunning + 5000] });
    const file = join(bench.folder, "half");
    const script = sh`touch ${file}; : ${"x".repeat(10_000_000)}`;
    await failure(host.run(script));
    expect(existsSync(file)).toBe(false);
  });
});

describe("becoming root", () => {
  const user = { user: "anna" };
  const sudo = async (body: string, fields: Record<string, unknown>, environment: NodeJS.ProcessEnv = {}) => {
    const path = fakeCommand(join(bench.folder, `sudo-${Math.random()}`), "sudo", body);
    const server = await bench.server({ path });
    const pool = bench.pool({ node1: { ...entryOf(server), ...user, ...fields } }, { environment });
    return { server, host: pool.host("node1") };
  };
  const asking = `
[ "$1 $2" = "-S -p" ] || exit 9
prompt=$3; shift 3
for try in 1 2 3; do
  printf %s "$prompt" >&2
  IFS= read -r password || exit 1
  if [ "$password" = "open sesame" ]; then exec "$@"; fi
  echo "Sorry, try again." >&2
done
echo "sudo: 3 incorrect password attempts" >&2
exit 1`;

  it("uses sudo without a password for a user who is not root", async () => {
    const { host } = await sudo(`[ "$1" = -n ] && shift && exec "$@"`, {});
    expect((await host.run(sh`cat`, { stdin: "in" })).stdout).toBe("in");
  });

  it("says what to do when sudo wants a password", async () => {
    const { host } = await sudo(`echo "sudo: a password is required" >&2; exit 1`, {});
    const error = await failure(host.run(sh`true`));
    expect(error).toBeInstanceOf(HostUnreachable);
    expect(error.message).toContain("node1: sudo asks for the password of anna");
    expect(error.message).toContain("sudoPasswordEnv");
  });

  it("says what to do when the user is no sudoer", async () => {
    const { host } = await sudo(`echo "anna is not in the sudoers file." >&2; exit 1`, {});
    expect((await failure(host.run(sh`true`))).message).toContain("anna may not become root with sudo");
  });

  it("gives the password on standard input, and only when asked", async () => {
    const fields = { sudoPasswordEnv: "SUDO_PASSWORD" };
    const environment = { SUDO_PASSWORD: "open sesame" };
    const { host, server } = await sudo(asking, fields, environment);
    expect(await host.run(sh`cat`, { stdin: "in" })).toEqual({ exitCode: 0, stdout: "in", stderr: "" });
    expect(server.commands.join()).not.toContain("sesame");
    const other = await sudo(`shift 3; exec "$@"`, fields, environment);
    expect(await other.host.run(sh`cat`, { stdin: "in" })).toEqual({ exitCode: 0, stdout: "in", stderr: "" });
  });

  it("says when the password is wrong, without showing it or trying it twice", async () => {
    const { host } = await sudo(asking, { sudoPasswordEnv: "PW" }, { PW: "wrong-one" });
    const { message } = await failure(host.run(sh`true`));
    expect(message).toContain("node1: sudo refuses the password of anna in the environment variable PW");
    expect(message).not.toContain("wrong-one");
  });

  it("says when the variable with the password is not set", async () => {
    const { host } = await sudo(asking, { sudoPasswordEnv: "PW" });
    expect((await failure(host.run(sh`true`))).message).toContain("the environment variable PW is not set");
  });
});

describe("concurrency", () => {
  it("runs 200 scripts at once over one connection and one session", async () => {
    const { host, pool, server } = await hostWith();
    const numbers = Array.from({ length: 200 }, (_, index) => index);
    const outputs = await Promise.all(
      numbers.map(async (number) => (await host.run(sh`echo ${number}`)).stdout),
    );
    expect(outputs).toEqual(numbers.map((number) => `${number}\n`));
    expect(pool.statistics().get("node1")).toEqual({ dials: 1, requests: 200 });
    expect(server.connections).toBe(1);
    expect(server.mostSessions).toBe(1);
  }, 60_000);

  it.each([1, 3])(
    "lives with MaxSessions %i",
    async (maxSessions) => {
      const { host, pool, server } = await hostWith({ maxSessions });
      const results = await Promise.all(Array.from({ length: 20 }, async () => host.run(sh`echo x`)));
      expect(results.every(({ stdout }) => stdout === "x\n")).toBe(true);
      expect(pool.statistics().get("node1")).toEqual({ dials: 1, requests: 20 });
      expect(server.mostSessions).toBe(1);
    },
    30_000,
  );

  it("reports a server that opens no session, or runs no command", async () => {
    const none = await hostWith({ maxSessions: 0 }, { refusalSeconds: 0.1 });
    expect((await failure(none.host.run(sh`true`))).message).toMatch(
      /^node1: sshd opens no session; check MaxSessions/,
    );
    const forced = await hostWith({ refuseExec: true });
    expect((await failure(forced.host.run(sh`true`))).message).toMatch(
      /^node1: sshd runs no commands for this user/,
    );
  });
});

describe("a trace", () => {
  it("has a line for each dial and request, and nothing of what was run", async () => {
    const file = join(bench.folder, "trace.jsonl");
    const { host } = await hostWith({}, { environment: { TOROCLOUD_TRACE: file } });
    await host.run(sh`: secret; exit 3`);
    const text = readFileSync(file, "utf8");
    const lines = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toMatchObject([
      { event: "dial", host: "node1", ok: true },
      { event: "request", host: "node1", steps: 1, ok: true },
    ]);
    expect(text).not.toContain("secret");
  });
});

describe("quoting", () => {
  it("brings any string without NUL to the host unchanged", async () => {
    const { host } = await hostWith();
    const text = fc.string({ unit: "binary", maxLength: 200 }).map((value) => value.replaceAll("\0", ""));
    const nasty = fc.constantFrom(
      "",
      "'",
      "'\\''",
      "\\",
      "$(id)",
      "`id`",
      "\n\n",
      "-n",
      "a\r\n",
      "*",
      "~",
      "!x",
      "é́🚀",
    );
    const texts = fc.array(fc.oneof(text, nasty), { minLength: 100, maxLength: 100 });
    await fc.assert(
      fc.asyncProperty(texts, async (values) => {
        const { stdout } = await host.run(
          sh`for v in ${values}; do printf %s "$v" | od -An -v -tx1 | tr -d ' \n'; echo; done`,
        );
        expect(stdout.split("\n").slice(0, -1)).toEqual(
          values.map((value) => Buffer.from(value).toString("hex")),
        );
      }),
      { numRuns: 5 },
    );
  }, 60_000);
});
