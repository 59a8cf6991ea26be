import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { HostUnreachable, StepFailed } from "../../../provider/src/host-program/host.ts";
import type { Request } from "../../../provider/src/host-program/wire.ts";
import { badAnswer } from "../../../provider/src/ssh/session/bad-answer.ts";
import { isTooOld } from "../../../provider/src/ssh/session/hello.ts";
import { Machines } from "../../../provider/src/ssh/session/machines.ts";
import { Payload } from "../../../provider/src/ssh/session/payload.ts";
import { compiledSources } from "./compiled.ts";
import { isRunning, rejection } from "./openssh.ts";
import { fakeProgram, sh, testProgram } from "./programs.ts";
import { type Behaviour, Bench, entryOf } from "./ssh-server.ts";

const bench = new Bench();
afterEach(async () => {
  vi.restoreAllMocks();
  await bench.cleanUp();
});
afterAll(() => {
  bench.remove();
});

async function hostWith(options = {}, behaviour: Behaviour = {}) {
  const server = await bench.server(behaviour);
  const pool = bench.pool({ node1: entryOf(server) }, options);
  return { server, pool, host: pool.host("node1") };
}

const nothing: Request = { steps: [] };
const secret = "AQDq-the-key-of-client.admin==";
const asking: Request = { steps: [{ do: "query", kind: "test.key", spec: { key: secret } }] };

/** What is said of a host on which a program does as `body` says. */
async function said(body: string, request = asking): Promise<string> {
  const { host } = await hostWith({ program: fakeProgram(body) });
  const error = await rejection(host.ask(request));
  expect(error).toBeInstanceOf(HostUnreachable);
  expect(error.message).not.toContain(secret);
  expect(error.message).not.toContain("test.key");
  return error.message;
}

describe("what answers in place of the host program", () => {
  const advice = "; check what prints to the output of sh there, and run again";

  it("and writes no JSON is refused, with a short piece of it", async () => {
    expect(await said(`hello()\nnext(requests)\nwrite("Broadcast message from root: " + "x" * 100)`)).toBe(
      `node1: what answers there is not the host program: it wrote "Broadcast message from root: ${"x".repeat(31)}", which is no JSON${advice}`,
    );
  });

  it("and writes JSON of another shape is refused, with its fields alone", async () => {
    expect(await said(`hello()\nwrite({"id": next(requests)["id"], "key": "${secret}"})`)).toBe(
      `node1: what answers there is not the host program: it wrote JSON that is no answer, with the fields id, key${advice}`,
    );
  });

  it("and sends back what it is sent is refused, without that", async () => {
    expect(await said(`hello()\nwrite(next(requests))`)).toContain("with the fields id, limit, steps");
    expect(await said(`hello()\nwrite(json.dumps(next(requests))[:60])`)).toContain(
      "it wrote JSON that does not end",
    );
  });

  it("and answers other steps than were asked is refused", async () => {
    expect(await said(`hello()\nwrite({"id": next(requests)["id"], "results": []})`)).toContain(
      "it wrote JSON that is no answer, with the fields id, results",
    );
  });

  it("and does not understand what it is asked is refused", async () => {
    const body = `hello()\nnext(requests)\nwrite({"id": -1, "failed": "failed", "message": "?", "step": -1})`;
    expect(await said(body)).toBe("node1: the host program does not understand what it was asked; run again");
  });

  it("is refused when it is another version than was sent", async () => {
    expect(await said(`hello(program="0" * 64)\nfor order in orders: pass`)).toMatch(
      /^node1: another version of the host program answers than the one that was sent/,
    );
  });

  it("is refused when its first words are no hello", async () => {
    expect(await said(`write(start["mark"])\nwrite("Segmentation fault")`)).toContain(
      `it wrote "Segmentation fault", which is no JSON`,
    );
  });

  it("is shown without anything that a terminal would obey", () => {
    const { message } = badAnswer("node1", "\u001b[2Jgone");
    expect(message).toContain(String.raw`\\u{1b}[2Jgone`);
    expect(badAnswer("node1", "{}").message).toContain("with no fields");
  });
});

describe("a host program that ends in the midst", () => {
  it("is told with the kind of its error and its place, and nothing of what it had in hand", async () => {
    const { host } = await hostWith({
      program: fakeProgram(`hello()\nkey = next(requests)\nraise ValueError(key)`),
    });
    const error = await rejection(host.ask(asking));
    expect(error.message).toMatch(
      /^node1: the host program ended with exit code 1: ValueError at boot line \d+ while running; what was under way may or may not have finished; run again$/,
    );
  });

  it("is begun again on the same connection", async () => {
    const { host, pool } = await hostWith();
    const { stdout } = await host.run(sh`echo $PPID`);
    const running = rejection(host.run(sh`exec sleep 96801`));
    await vi.waitUntil(() => isRunning("sleep 96801"), { timeout: 20_000 });
    process.kill(Number(stdout), "SIGKILL");
    expect((await running).message).toContain("node1: the host program ended by signal 9 while running");
    expect((await host.run(sh`echo again`)).stdout).toBe("again\n");
    expect(pool.statistics().get("node1")?.dials).toBe(1);
    await vi.waitUntil(() => !isRunning("sleep 96801"), { timeout: 10_000 });
  });

  it("because it was told to, repeats what may be repeated", async () => {
    const { host } = await hostWith();
    const { stdout } = await host.run(sh`echo $PPID`);
    const running = host.run(
      sh`[ -e ${join(bench.folder, "once")} ] || { touch ${join(bench.folder, "once")}; sleep 96802; }; echo done`,
      {
        repeatable: true,
      },
    );
    await vi.waitUntil(() => isRunning("sleep 96802"), { timeout: 20_000 });
    process.kill(Number(stdout), "SIGTERM");
    expect((await running).stdout).toBe("done\n");
    await vi.waitUntil(() => !isRunning("sleep 96802"), { timeout: 10_000 });
  });
});

describe("signs of life", () => {
  it("that do not come end the connection, and what is repeatable goes on over another", async () => {
    const program = fakeProgram(`hello()\nrequest = next(requests)\ntime.sleep(30)`);
    const { host, pool } = await hostWith({ program, keepaliveSeconds: 0.1 });
    const error = await rejection(host.ask(asking, { repeatable: true }));
    expect(error.message).toBe(
      "node1: the connection was lost 3 times while running; what was under way may or may not have finished; run again",
    );
    expect(pool.statistics().get("node1")?.dials).toBe(3);
  });

  it("come while nothing is asked, and keep the session", async () => {
    const program = fakeProgram(`
hello()
pings = 0
for order in orders:
    if "ping" in order:
        pings += 1
        write({"pong": order["ping"]})
    else:
        write({"id": order["id"], "results": [pings]})`);
    const { host, pool, server } = await hostWith({ program, keepaliveSeconds: 0.05, idleSeconds: 10 });
    await host.ask(asking);
    await vi.waitUntil(async () => Number((await host.ask(asking)).results[0]) > 5, { timeout: 20_000 });
    expect([pool.statistics().get("node1")?.dials, server.commands.length]).toEqual([1, 1]);
  });

  it("go over a connection that holds nothing back to make packets fuller", async () => {
    const connecting = vi.spyOn(Socket.prototype, "connect");
    const { host } = await hostWith();
    await host.ask(nothing);
    const options = connecting.mock.calls.map(([first]) =>
      Array.isArray(first) ? (first[0] as object) : first,
    );
    expect(options.length).toBeGreaterThan(0);
    for (const one of options) expect(one).toMatchObject({ noDelay: true });
  });
});

describe("a host without Python", () => {
  /** A folder that is all of a PATH: sh and what is named, and scripts. */
  function bare(name: string, tools: readonly string[], scripts: Record<string, string> = {}): string {
    const folder = join(bench.folder, name);
    mkdirSync(folder);
    for (const tool of ["sh", "id", ...tools]) symlinkSync(`/usr/bin/${tool}`, join(folder, tool));
    for (const [script, body] of Object.entries(scripts)) {
      writeFileSync(join(folder, script), `#!/bin/sh\n${body}\n`);
      chmodSync(join(folder, script), 0o755);
    }
    return folder;
  }

  async function onBare(folder: string) {
    const lines: string[] = [];
    const log = (line: string): number => lines.push(line);
    const { host, server } = await hostWith({ log, noticeSeconds: 0.2 }, { wholePath: folder });
    return { host, server, lines };
  }

  it("is given it with apt-get, which is told", async () => {
    const folder = bare("apt", ["ln", "sleep"], {
      "apt-get": `case "$*" in *install*) sleep 0.5; ln -s /usr/bin/python3 "${join(bench.folder, "apt")}/python3";; esac; echo "$DEBIAN_FRONTEND $*"`,
    });
    const { host, server, lines } = await onBare(folder);
    expect(await host.ask(nothing)).toEqual({ results: [] });
    expect(server.commands).toHaveLength(3);
    expect(lines.at(0)).toBe("node1: there is no Python; installing the Debian package python3");
    expect(lines).toContain("node1: installing python3, 0 s so far");
    expect(lines.at(-1)).toBe("node1: python3 was installed");
  });

  it("is refused with what apt-get says where that fails", async () => {
    const folder = bare("broken", [], {
      "apt-get": "echo 'E: Unable to locate package python3' >&2; exit 100",
    });
    const { host } = await onBare(folder);
    expect((await rejection(host.ask(nothing))).message).toBe(
      "node1: there is no Python, and python3 could not be installed (E: Unable to locate package python3); install it there: apt-get install python3",
    );
  });

  it("is refused with what to do where there is no apt-get", async () => {
    const { host } = await onBare(bare("no-apt", []));
    expect((await rejection(host.ask(nothing))).message).toBe(
      "node1: there is neither Python nor apt-get to install it; install Python 3.11 or later there, as Debian 12 and 13 have",
    );
  });

  it("is refused with what to do where we are not root", async () => {
    const folder = join(bench.folder, "not-root");
    mkdirSync(folder);
    symlinkSync("/usr/bin/sh", join(folder, "sh"));
    writeFileSync(join(folder, "id"), "#!/bin/sh\necho 1000\n", { mode: 0o755 });
    const { host } = await onBare(folder);
    expect((await rejection(host.ask(nothing))).message).toMatch(
      /^node1: there is no Python, and root may not install it; become root with sudo/,
    );
  });

  it("is tried by one of many who ask, and what was found is told to the others", async () => {
    const { host, server } = await onBare(bare("many", []));
    const errors = await Promise.all(Array.from({ length: 20 }, async () => rejection(host.ask(nothing))));
    const later = await rejection(host.ask(nothing));
    expect(new Set(errors.map(({ message }) => message)).size).toBe(1);
    expect(later.message).toMatch(/; that was 0 s ago, and is tried again after 15 s$/);
    expect(server.commands).toHaveLength(2);
  });
});

describe("a Python that is too old", () => {
  const sentence =
    "node1: node1 has Python 3.9.2; torocloud needs 3.11 or later, which Debian 12 and 13 have";

  it("is refused by its hello", async () => {
    expect(await said(`hello(python="3.9.2")\nfor order in orders: pass`)).toBe(sentence);
  });

  it("is refused when it does not even get that far", async () => {
    const folder = join(bench.folder, "old");
    const version = `case "$3" in *torocloud-python*) echo torocloud-python 3.9.2;; *) echo SyntaxError >&2; exit 1;; esac`;
    bench.makeCommand(folder, "python3", version);
    const { host } = await hostWith({}, { path: folder });
    expect((await rejection(host.ask(nothing))).message).toBe(sentence);
  });

  it.each([
    ["3.11.0", false],
    ["3.13.5", false],
    ["4.0.0", false],
    ["3.10.12", true],
    ["2.7.18", true],
  ])("%s: %s", (version, tooOld) => {
    expect(isTooOld(version)).toBe(tooOld);
  });
});

describe("a machine", () => {
  const machine = (id: string) =>
    fakeProgram(`hello(machine="${id}")\nfor one in requests: write({"id": one["id"], "results": []})`);

  it("has one name in an inventory, which is told with both", async () => {
    const server = await bench.server();
    const hosts = { node1: entryOf(server), node2: entryOf(server) };
    const pool = bench.pool(hosts, { program: machine("5eed"), machines: "distinct" });
    await pool.host("node2").ask(nothing);
    const error = await rejection(pool.host("node1").ask(nothing));
    expect(error.message).toBe(
      "node1: node1 and node2 of the inventory are the same machine (machine-id 5eed), or clones of one image: " +
        "give each machine one name, and each clone a machine-id of its own with systemd-machine-id-setup",
    );
    await pool.host("node2").ask(nothing);
    bench.inventory({ node1: hosts.node1 });
    const alone = bench.pool({ node1: hosts.node1 }, { program: machine("5eed"), machines: "distinct" });
    await alone.host("node1").ask(nothing);
  });

  it("without an id is not compared", async () => {
    const server = await bench.server();
    const hosts = { node1: entryOf(server), node2: entryOf(server) };
    const pool = bench.pool(hosts, { program: machine(""), machines: "distinct" });
    for (const name of ["node1", "node2"]) await pool.host(name).ask(nothing);
  });

  it("is the same for all of a run, and a name may go over to another entry", () => {
    let names = new Set(["node1", "node2"]);
    const machines = new Machines(() => names);
    machines.meet("node1", "one");
    machines.meet("node1", "one");
    expect(() => {
      machines.meet("node1", "two");
    }).toThrow("node1: another machine answers than before in this run (machine-id two, before that one)");
    names = new Set(["node3"]);
    machines.meet("node3", "one");
  });
});

describe("a payload", () => {
  it("goes in pieces, no more of them than are wanted, from a stream that is opened when the first is", async () => {
    const sent: object[] = [];
    let opened = 0;
    const stream = Readable.from(Array.from({ length: 10 }, () => Buffer.alloc(100_000, 7)));
    const payload = new Payload({
      id: 4,
      open: () => {
        opened += 1;
        return stream;
      },
      send: async (order) => void sent.push(order),
      failed: (error) => expect.fail(String(error)),
    });
    expect(opened).toBe(0);
    payload.wanted(1);
    await vi.waitUntil(() => sent.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(sent).toHaveLength(1);
    payload.wanted(10);
    await vi.waitUntil(() => sent.length === 5);
    expect(sent.at(-1)).toEqual({ id: 4, end: true });
    const pieces = (sent.slice(0, -1) as { data: string }[]).map(({ data }) => Buffer.from(data, "base64"));
    expect(pieces.map(({ length }) => length)).toEqual([262_144, 262_144, 262_144, 213_568]);
    expect(Buffer.concat(pieces).equals(Buffer.alloc(1_000_000, 7))).toBe(true);
    expect(opened).toBe(1);
  });

  it("is opened again for a request that is repeated", async () => {
    const { host } = await hostWith({}, { dropAfterBytes: [testProgram().bytes.length + 200_000] });
    let opened = 0;
    const payload = (): Readable => {
      opened += 1;
      return Readable.from([Buffer.alloc(400_000)]);
    };
    const steps = [
      {
        do: "apply",
        kind: "test.input",
        key: "twice",
        spec: { pieces: -1 },
        found: null,
        disturb: true,
        payload: true,
      },
      { do: "query", kind: "test.run", spec: { script: "wc -c", input: "twice" } },
    ] as const;
    const { results } = await host.ask({ steps }, { payload, repeatable: true });
    expect(results[1]).toMatchObject({ stdout: "400000\n" });
    expect(opened).toBe(2);
  });
});

describe("a request", () => {
  it("that a host does not end in time is given up here, with the step that it was at", async () => {
    const program = fakeProgram(`
hello()
for order in orders:
    if "ping" in order: write({"pong": order["ping"]})
    if "steps" in order: write({"id": order["id"], "step": 1})
    if "cancel" in order: write({"id": order["cancel"], "failed": "cancelled", "message": "", "step": 1})`);
    const { host } = await hostWith({ program, graceSeconds: 0.2 });
    const error = await rejection(host.ask(asking, { timeoutSeconds: 0.3 }));
    expect(error).toBeInstanceOf(StepFailed);
    expect(error).toMatchObject({ how: "overdue", step: 1 });
    expect(error.message).toBe("node1: the request did not end within 0.3 seconds");
  });

  it("waits for its turn when the host is at as many as it may be", async () => {
    const server = await bench.server();
    const pool = bench.pool({ node1: { ...entryOf(server), maxSessions: 2 } });
    const folder = join(bench.folder, "turns");
    mkdirSync(folder);
    const script = sh`touch ${folder}/$$; ls ${folder} | wc -l; sleep 0.2; rm ${folder}/$$`;
    const outputs = await Promise.all(Array.from({ length: 8 }, async () => pool.host("node1").run(script)));
    expect(Math.max(...outputs.map(({ stdout }) => Number(stdout)))).toBe(2);
  });

  it("ends on its host when the process that asked for it is killed", async () => {
    const server = await bench.server();
    const inventory = bench.inventory({ node1: entryOf(server) });
    const { bytes, digest } = testProgram();
    bench.write("program.bin", bytes.toString("base64"));
    const program = bench.write(
      "killed.mjs",
      `import { readFileSync } from "node:fs";
       import { loadInventory } from ${JSON.stringify(join(compiledSources(bench.folder), "inventory/index.js"))};
       import { SshPool } from "./provider/src/ssh/index.js";
       const bytes = Buffer.from(readFileSync(${JSON.stringify(join(bench.folder, "program.bin"))}, "utf8"), "base64");
       const program = () => ({ bytes, digest: ${JSON.stringify(digest)} });
       const pool = new SshPool(() => loadInventory(${JSON.stringify(inventory)}), { program });
       await pool.host("node1").ask({ steps: [{ do: "query", kind: "test.run", spec: { script: "sleep 96803 & sleep 96803", input: null } }] });`,
    );
    const child = spawn(process.execPath, [program], { stdio: "inherit" });
    await vi.waitUntil(() => isRunning("sleep 96803"), { timeout: 20_000 });
    child.kill("SIGKILL");
    await vi.waitUntil(() => !isRunning("sleep 96803"), { timeout: 10_000 });
  });
});

describe("TOROCLOUD_TRACE=plans", () => {
  it("shows requests and answers on standard error, and no secret", async () => {
    const lines: Record<string, unknown>[] = [];
    vi.spyOn(process.stderr, "write").mockImplementation((text) => {
      lines.push(JSON.parse(String(text)) as Record<string, unknown>);
      return true;
    });
    const program = fakeProgram(`
hello()
for one in requests:
    assert all("secret" not in step for step in one["steps"])
    if one["lock"] == "bad": write({"id": one["id"], "failed": "failed", "message": "no", "step": 0})
    else: write({"id": one["id"], "results": [{"content": "${secret}", "mode": "600"}, None, "${secret}", {"done": True}]})`);
    const { host } = await hostWith({ program, environment: { TOROCLOUD_TRACE: "plans" } });
    const hidden = ["content"];
    const spec = { content: secret, mode: "600" };
    const request: Request = {
      lock: "guest/web",
      steps: [
        { do: "observe", kind: "file", key: "/k", spec, secret: hidden },
        {
          do: "apply",
          kind: "file",
          key: "/k",
          spec,
          found: { content: secret },
          disturb: true,
          secret: hidden,
        },
        { do: "query", kind: "ceph.key", spec: { entity: secret }, secret: true },
        { do: "check", kind: "open", spec: { port: 80 } },
      ],
    };
    await host.ask(request);
    await rejection(host.ask({ ...request, lock: "bad" }));
    expect(JSON.stringify(lines)).not.toContain(secret);
    const masked = { content: "(secret)", mode: "600" };
    expect(lines[0]).toMatchObject({ event: "request", host: "node1", lock: "guest/web" });
    expect(lines[0]?.["steps"]).toEqual([
      { do: "observe", kind: "file", key: "/k", spec: masked },
      { do: "apply", kind: "file", key: "/k", spec: masked, found: { content: "(secret)" }, disturb: true },
      { do: "query", kind: "ceph.key", spec: "(secret)" },
      { do: "check", kind: "open", spec: { port: 80 } },
    ]);
    expect(lines[1]).toMatchObject({ event: "answer", number: lines[0]?.["number"] });
    expect(lines[1]?.["results"]).toEqual([masked, null, "(secret)", { done: true }]);
    expect(lines[3]).toMatchObject({ event: "answer", failed: "node1: no" });
  });
});
