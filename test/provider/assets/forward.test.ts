import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

vi.setConfig({ testTimeout: 30_000 }); // real processes, on a machine that may be busy

const program = fileURLToPath(new URL("../../../provider/assets/forward.py", import.meta.url));
/** Does what systemd does: a listening socket as file descriptor 3. Prints its port. */
const activate = `import os, socket, sys
listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
print(listener.getsockname()[1], flush=True)
if listener.fileno() != 3:
    os.dup2(listener.fileno(), 3, inheritable=True)
os.set_inheritable(3, True)
os.execv(sys.executable, [sys.executable, "-ISE", *sys.argv[1:]])`;

/** Sends small pieces, each in a packet of its own, until nobody takes any more. Node.js would put them together. */
const chatter = `import socket, sys
stream = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
stream.settimeout(0.3)
try:
    while True:
        stream.send(b"x" * 100)
except TimeoutError:
    print("stuck", flush=True)
sys.stdin.readline()`;

let folder: string;
let path: string;
const children: ChildProcessWithoutNullStreams[] = [];
const servers: Server[] = [];
const sockets: Socket[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "torocloud-forward-"));
  path = join(folder, "dial.sock");
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

interface Forwarder {
  readonly port: number;
  readonly child: ChildProcessWithoutNullStreams;
}

/** Its limits, so that tests do not wait as long. */
interface Limits {
  readonly HOLD_SECONDS?: number;
  readonly HALF_CLOSED_SECONDS?: number;
  readonly STALLED_SECONDS?: number;
  readonly SWEEP_SECONDS?: number;
  readonly MAX_CONNECTIONS?: number;
}

async function forwarder(limits: Limits = {}): Promise<Forwarder> {
  const copy = join(folder, "forward.py");
  const all = Object.entries({ HOLD_SECONDS: 0.3, SWEEP_SECONDS: 0.05, ...limits });
  const source = all.reduce(
    (text, [name, value]) => {
      const line = new RegExp(`^${name} = \\d+$`, "m");
      expect(text).toMatch(line);
      return text.replace(line, `${name} = ${String(value)}`);
    },
    readFileSync(program, "utf8"),
  );
  writeFileSync(copy, source);
  const child = spawn("/usr/bin/python3", ["-c", activate, copy, "unix", path, "80"], { stdio: "pipe" });
  children.push(child);
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  return { port: Number(line), child };
}

/** A guest behind vhost-device-vsock: takes "CONNECT 80", answers as told, then serves. */
async function guest(serve: (socket: Socket) => void, answer = "OK 1024\n"): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    let head = "";
    const greet = (chunk: Buffer): void => {
      head += chunk.toString("latin1");
      if (!head.includes("\n")) return;
      socket.off("data", greet);
      expect(head).toBe("CONNECT 80\n");
      socket.write(answer);
      serve(socket);
    };
    socket.on("data", greet);
  });
  servers.push(server);
  server.listen(path);
  await once(server, "listening");
  return server;
}

function client(port: number): Socket {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  sockets.push(socket);
  return socket;
}

async function ask(port: number, request: string | Buffer): Promise<string> {
  const socket = client(port);
  socket.end(request);
  return heardOn(socket);
}

/** All that comes until the other side has said all, or is gone. Leaves our own side open. */
async function heardOn(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  await new Promise((done) => socket.on("end", done).on("error", done));
  return Buffer.concat(chunks).toString();
}

const echo = (socket: Socket): void => {
  socket.pipe(socket);
};

// splice, epoll and /proc are Linux's.
describe.skipIf(process.platform !== "linux")("forward.py", () => {
  it("carries bytes both ways", async () => {
    await guest(echo);
    const { port } = await forwarder();
    expect(await ask(port, "hello")).toBe("hello");
  });

  it("passes on what the guest says first, right behind its handshake", async () => {
    await guest((socket) => socket.end("220 ready\n"), "OK 1024\n220 first\n");
    const { port } = await forwarder();
    expect(await ask(port, "")).toBe("220 first\n220 ready\n");
  });

  it("closes each direction on its own: an answer may come after the question's end", async () => {
    await guest((socket) => {
      void heardOn(socket).then((question) => socket.end(`you said ${String(question.length)}`));
    });
    const { port } = await forwarder();
    expect(await ask(port, "x".repeat(1000))).toBe("you said 1000");
  });

  it("closes for the client when the guest has said all, and still takes what the client sends", async () => {
    let heard: Promise<string> | undefined;
    await guest((socket) => {
      heard = heardOn(socket);
      socket.end("goodbye");
    });
    const { port } = await forwarder();
    const socket = client(port);
    expect(await heardOn(socket)).toBe("goodbye");
    socket.end("late words");
    expect(await heard).toBe("late words");
  });

  it("brings 32 MB through unharmed, in both directions at once", async () => {
    await guest(echo);
    const { port } = await forwarder();
    const piece = randomBytes(1 << 20);
    const [sent, received] = [createHash("sha256"), createHash("sha256")];
    const socket = client(port);
    socket.on("data", (chunk: Buffer) => received.update(chunk));
    for (let count = 0; count < 32; count++) {
      sent.update(piece);
      if (!socket.write(piece)) await once(socket, "drain");
    }
    socket.end();
    await once(socket, "end");
    expect(received.digest("hex")).toBe(sent.digest("hex"));
  });

  it("serves 200 connections at once, each its own bytes", async () => {
    await guest(echo);
    const { port } = await forwarder();
    const questions = Array.from({ length: 200 }, (_, index) => `${String(index)}:`.repeat(100));
    expect(await Promise.all(questions.map(async (question) => ask(port, question)))).toEqual(questions);
  });

  it("holds a client whose guest is not there yet, and serves it then", async () => {
    const { port } = await forwarder({ HOLD_SECONDS: 20 });
    const early = [client(port), client(port)];
    const heard = early.map(async (socket) => heardOn(socket.end("hello")));
    await Promise.all(early.map(async (socket) => once(socket, "connect")));
    await guest(echo);
    expect(await Promise.all(heard)).toEqual(["hello", "hello"]);
  });

  it.each([
    ["is not there", undefined],
    ["refuses the port", "ERR nobody listens\n"],
    ["says nothing that ends", "x".repeat(10_000)],
  ])("lets a client go after a while when the guest %s, and serves the next one", async (_, answer) => {
    const server = answer === undefined ? undefined : await guest((socket) => socket.end(), answer);
    const { port, child } = await forwarder();
    expect(await ask(port, "hello")).toBe("");
    server?.close();
    rmSync(path, { force: true });
    await guest(echo);
    expect(await ask(port, "hello")).toBe("hello");
    expect(child.exitCode).toBeNull();
  });

  it("does not keep a connection whose client is gone", async () => {
    let ended: Promise<unknown> | undefined;
    await guest((socket) => {
      socket.resume();
      socket.on("end", () => socket.end());
      ended = once(socket, "close");
    });
    const { port, child } = await forwarder();
    const pipes = (): number => descriptors(child);
    const before = await resting(child);
    const socket = client(port);
    socket.write("hello");
    await vi.waitFor(() => {
      expect(pipes()).toBeGreaterThan(before);
    });
    socket.resetAndDestroy();
    await vi.waitFor(() => {
      expect(ended).toBeDefined();
    });
    await ended;
    await vi.waitFor(() => {
      expect(pipes()).toBe(before);
    });
  });

  it("lives on when a guest resets the connection instead of answering", async () => {
    const server = createServer({ pauseOnConnect: true }, (socket) => {
      sockets.push(socket);
      setImmediate(() => socket.destroy());
    });
    servers.push(server);
    server.listen(path);
    await once(server, "listening");
    const { port, child } = await forwarder();
    const died = once(child, "exit").then(() => "died");
    for (let count = 0; count < 3; count++) {
      const answer = ask(port, "hello");
      expect(await Promise.race([died, answer])).toBe("");
    }
  });

  // EAGAIN from connect() on a unix socket means "try again", not "in progress".
  it("lives on when the guest's side takes connections more slowly than they come", async () => {
    const slow = spawn(
      "/usr/bin/python3",
      [
        "-c",
        `import socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen(1)
print("listening", flush=True)
sys.stdin.readline()`,
        path,
      ],
      { stdio: "pipe" },
    );
    children.push(slow);
    await once(createInterface(slow.stdout), "line");
    const { port, child } = await forwarder();
    const died = once(child, "exit").then(() => "died");
    const clients = Array.from({ length: 20 }, () => client(port).on("error", () => {}));
    await Promise.all(clients.map(async (socket) => once(socket, "connect")));
    expect(await Promise.race([died, calm(child, () => descriptors(child) > 12)])).toBeUndefined();
    expect(child.exitCode).toBeNull();
  });

  it("notices a client that has said all, and then gives up", async () => {
    await guest((socket) => socket.resume());
    const { port, child } = await forwarder();
    const before = await resting(child);
    const socket = client(port);
    socket.end("a question that nobody answers");
    await vi.waitFor(() => {
      expect(descriptors(child)).toBe(before + connectionDescriptors);
    });
    await calm(child);
    socket.resetAndDestroy();
    await vi.waitFor(() => {
      expect(descriptors(child)).toBe(before);
    });
  });

  it("notices a client that gives up before its guest is there", async () => {
    const { port, child } = await forwarder({ HOLD_SECONDS: 60 });
    const before = await resting(child);
    const socket = client(port);
    await vi.waitFor(() => {
      expect(descriptors(child)).toBeGreaterThan(before);
    });
    socket.resetAndDestroy();
    await vi.waitFor(() => {
      expect(descriptors(child)).toBe(before);
    });
  });

  it("ends a connection whose client has said all and whose guest never answers", async () => {
    const ended: Promise<unknown>[] = [];
    await guest((socket) => {
      socket.resume();
      ended.push(once(socket, "close"));
      socket.on("end", () => setTimeout(() => socket.end(), 1500));
    });
    const { port, child } = await forwarder({ HALF_CLOSED_SECONDS: 0.4 });
    const before = await resting(child);
    const clients = Array.from({ length: 100 }, () => client(port));
    const began = Date.now();
    expect(await Promise.all(clients.map(async (socket) => heardOn(socket.end("hello"))))).toEqual(
      clients.map(() => ""),
    );
    expect(Date.now() - began).toBeGreaterThan(300);
    await vi.waitFor(() => {
      expect(descriptors(child)).toBe(before);
    });
    expect(ended).toHaveLength(100);
    await Promise.all(ended);
  });

  it("leaves a connection alone that nobody has closed, however long nothing moves", async () => {
    await guest(echo);
    const { port } = await forwarder({ HALF_CLOSED_SECONDS: 0.1 });
    const socket = client(port);
    socket.write("hello");
    await once(socket, "data");
    await new Promise((done) => setTimeout(done, 600));
    socket.end(" again");
    expect(await heardOn(socket)).toBe(" again");
  });

  it("keeps what a slow reader has not taken yet, longer than a connection on which nothing is to come", async () => {
    const answer = randomBytes(4 << 20).toString("hex");
    await guest((socket) => socket.resume().end(answer));
    const { port, child } = await forwarder({ HALF_CLOSED_SECONDS: 0.2 });
    const socket = client(port).pause();
    socket.end("a question");
    // The guest is gone by then, which must not keep the forwarder busy.
    await new Promise((done) => setTimeout(done, 800));
    await calm(child);
    expect(await heardOn(socket.resume())).toBe(answer);
  });

  it("ends a connection whose reader takes nothing at all", async () => {
    await guest((socket) => socket.resume().end(Buffer.alloc(32 << 20)));
    const { port, child } = await forwarder({ HALF_CLOSED_SECONDS: 0.2, STALLED_SECONDS: 0.5 });
    const before = await resting(child);
    client(port)
      .pause()
      .on("error", () => {})
      .write("a question");
    await vi.waitFor(() => {
      expect(descriptors(child)).toBe(before + connectionDescriptors);
    });
    await vi.waitFor(
      () => {
        expect(descriptors(child)).toBe(before);
      },
      { timeout: 5000 },
    );
  });

  it("brings what a guest has said that did not want to hear all", async () => {
    await guest((socket) => {
      socket.pause();
      socket.write("too large");
      setTimeout(() => socket.destroy(), 200);
    });
    const { port } = await forwarder();
    const socket = client(port).on("error", () => {});
    socket.write(Buffer.alloc(4 << 20));
    expect(await heardOn(socket)).toBe("too large");
  });

  it("lets a client go when the guest takes the connection and says nothing to it", async () => {
    await guest((socket) => socket.resume(), "");
    const { port, child } = await forwarder();
    const before = await resting(child);
    expect(await ask(port, "hello")).toBe("");
    await vi.waitFor(() => {
      expect(descriptors(child)).toBe(before);
    });
  });

  it("lets no more than so many in at once; others wait, and are served then", async () => {
    await guest(echo);
    const { port, child } = await forwarder({ MAX_CONNECTIONS: 2 });
    const said = linesOf(child);
    const [first, second] = [client(port), client(port)];
    for (const socket of [first, second]) {
      socket.write("hello");
      await once(socket, "data");
    }
    const third = ask(port, "third");
    expect(await Promise.race([third, calm(child)])).toBeUndefined();
    expect(said).toEqual([expect.stringMatching(/^2 connections, .*; 2 since .*; new connections wait$/)]);
    first.end();
    expect(await third).toBe("third");
  });

  it("says what it counts when it is asked", async () => {
    await guest(echo);
    const { port, child } = await forwarder();
    const said = linesOf(child);
    expect(await ask(port, "hello")).toBe("hello");
    const socket = client(port);
    socket.write("hello");
    await once(socket, "data");
    child.kill("SIGUSR1");
    await vi.waitFor(() => {
      expect(said).toEqual([
        "1 connections, 0 of them half closed, 0 waiting for the guest; 2 since the start, " +
          "0 let go because the guest did not take them, 0 ended because nothing moved",
      ]);
    });
    socket.end(" more");
    expect(await heardOn(socket)).toBe(" more");
  });

  it("asks clients from time to time whether they are still there", async () => {
    await guest(echo);
    const { port } = await forwarder();
    const socket = client(port);
    socket.write("hello");
    await once(socket, "data");
    await vi.waitFor(() => {
      expect(timerOf(port, socket.localPort ?? 0)).toBe(keepaliveTimer);
    });
  });

  it("sleeps while a reader does not read", async () => {
    await guest((socket) => socket.pause());
    const { port, child } = await forwarder();
    const socket = client(port);
    for (let count = 0; count < 32; count++) socket.write(Buffer.alloc(1 << 20));
    await calm(child, () => socket.writableLength > 0);
  });

  // A pipe is full at 16 small pieces.
  it("sleeps while a reader does not read what came in small pieces", async () => {
    await guest((socket) => socket.pause());
    const { port, child } = await forwarder();
    const chatty = spawn("/usr/bin/python3", ["-c", chatter, String(port)], { stdio: "pipe" });
    children.push(chatty);
    await once(createInterface(chatty.stdout), "line");
    await calm(child);
  });
});

/** Two sockets and two pipes. */
const connectionDescriptors = 6;
/** proc_net_tcp(5): the timer that is active. */
const keepaliveTimer = "02";

function timerOf(port: number, remotePort: number): string | undefined {
  const hex = (value: number): string => value.toString(16).toUpperCase().padStart(4, "0");
  const fields = readFileSync("/proc/net/tcp", "utf8")
    .split("\n")
    .map((line) => line.trim().split(/\s+/));
  const row = fields.find(
    ([, local, remote]) =>
      local?.endsWith(`:${hex(port)}`) === true && remote?.endsWith(`:${hex(remotePort)}`),
  );
  return row?.[5]?.slice(0, 2);
}

/** What it writes to the journal. */
function linesOf(child: ChildProcessWithoutNullStreams): string[] {
  const lines: string[] = [];
  createInterface(child.stderr).on("line", (line) => lines.push(line));
  return lines;
}

/** How many descriptors it has when it has nothing to do. */
async function resting(child: ChildProcessWithoutNullStreams): Promise<number> {
  await calm(child);
  return descriptors(child);
}

/** Until it sleeps and goes on sleeping, seen ten times in a row. */
async function calm(child: ChildProcessWithoutNullStreams, and = (): boolean => true): Promise<void> {
  let seen = 0;
  await vi.waitFor(
    () => {
      seen = stateOf(child) === "S" && and() ? seen + 1 : 0;
      expect(seen).toBeGreaterThan(10);
    },
    { interval: 20, timeout: 3000 },
  );
}

function descriptors({ pid }: ChildProcessWithoutNullStreams): number {
  return readdirSync(`/proc/${String(pid)}/fd`).length;
}

/** proc_pid_stat(5): R runs or would like to, S sleeps. */
function stateOf({ pid }: ChildProcessWithoutNullStreams): string {
  return /\) (\w) /.exec(readFileSync(`/proc/${String(pid)}/stat`, "utf8"))?.[1] ?? "";
}
